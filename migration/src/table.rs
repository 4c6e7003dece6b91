//! Tables as data: what a migration creates is a list that can be read like the schema itself.

use sea_orm_migration::prelude::*;

pub struct Table {
    pub name: &'static str,
    pub columns: &'static [Column],
    pub unique: &'static [&'static [&'static str]],
    pub indexes: &'static [&'static [&'static str]],
}

#[derive(Clone, Copy)]
enum Kind {
    Uuid,
    Text,
    Integer,
    BigInteger,
    Boolean,
    Timestamp,
    Date,
    Json,
    Blob,
}

#[derive(Clone, Copy)]
pub struct Column {
    name: &'static str,
    kind: Kind,
    primary_key: bool,
    null: bool,
    unique: bool,
    references: Option<&'static str>,
    default: Option<&'static str>,
}

impl Column {
    const fn of(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, primary_key: false, null: false, unique: false, references: None, default: None }
    }
    pub const fn uuid(name: &'static str) -> Self {
        Self::of(name, Kind::Uuid)
    }
    pub const fn text(name: &'static str) -> Self {
        Self::of(name, Kind::Text)
    }
    pub const fn integer(name: &'static str) -> Self {
        Self::of(name, Kind::Integer)
    }
    pub const fn big_integer(name: &'static str) -> Self {
        Self::of(name, Kind::BigInteger)
    }
    pub const fn boolean(name: &'static str) -> Self {
        Self::of(name, Kind::Boolean)
    }
    pub const fn timestamp_with_time_zone(name: &'static str) -> Self {
        Self::of(name, Kind::Timestamp)
    }
    pub const fn date(name: &'static str) -> Self {
        Self::of(name, Kind::Date)
    }
    pub const fn json_binary(name: &'static str) -> Self {
        Self::of(name, Kind::Json)
    }
    pub const fn blob(name: &'static str) -> Self {
        Self::of(name, Kind::Blob)
    }
    pub const fn primary_key(self) -> Self {
        Self { primary_key: true, ..self }
    }
    pub const fn null(self) -> Self {
        Self { null: true, ..self }
    }
    pub const fn unique(self) -> Self {
        Self { unique: true, ..self }
    }
    /// A foreign key to the `id` of another table.
    pub const fn references(self, table: &'static str) -> Self {
        Self { references: Some(table), ..self }
    }

    /// What rows that are there already get, written as SQL.
    pub const fn or(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    fn definition(&self) -> ColumnDef {
        let mut column = ColumnDef::new(Alias::new(self.name));
        match self.kind {
            Kind::Uuid => column.uuid(),
            Kind::Text => column.text(),
            Kind::Integer => column.integer(),
            Kind::BigInteger => column.big_integer(),
            Kind::Boolean => column.boolean(),
            Kind::Timestamp => column.timestamp_with_time_zone(),
            Kind::Date => column.date(),
            Kind::Json => column.json_binary(),
            Kind::Blob => column.blob(),
        };
        if self.null {
            column.null();
        } else {
            column.not_null();
        }
        if self.unique {
            column.unique_key();
        }
        if let Some(default) = self.default {
            column.default(Expr::cust(default));
        }
        column
    }
}

pub async fn create(manager: &SchemaManager<'_>, tables: &[Table]) -> Result<(), DbErr> {
    for table in tables {
        manager.create_table(statement(table)).await?;
        for columns in table.unique {
            manager.create_index(index(table.name, columns).unique().to_owned()).await?;
        }
        for columns in table.indexes {
            manager.create_index(index(table.name, columns)).await?;
        }
    }
    Ok(())
}

pub async fn drop_all(manager: &SchemaManager<'_>, tables: &[Table]) -> Result<(), DbErr> {
    for table in tables.iter().rev() {
        manager.drop_table(sea_query::Table::drop().table(Alias::new(table.name)).to_owned()).await?;
    }
    Ok(())
}

/// Columns that a table gets later; each that may not be null has a default for the rows that are there.
pub struct Addition {
    pub table: &'static str,
    pub columns: &'static [Column],
    pub unique: &'static [&'static [&'static str]],
    pub indexes: &'static [&'static [&'static str]],
}

pub async fn add(manager: &SchemaManager<'_>, additions: &[Addition]) -> Result<(), DbErr> {
    for addition in additions {
        // SQLite adds one column per statement.
        for column in addition.columns {
            let mut alter = sea_query::Table::alter();
            alter.table(Alias::new(addition.table)).add_column(column.definition());
            manager.alter_table(alter).await?;
        }
        for columns in addition.unique {
            manager.create_index(index(addition.table, columns).unique().to_owned()).await?;
        }
        for columns in addition.indexes {
            manager.create_index(index(addition.table, columns)).await?;
        }
    }
    Ok(())
}

pub async fn take_away(manager: &SchemaManager<'_>, additions: &[Addition]) -> Result<(), DbErr> {
    for addition in additions.iter().rev() {
        for columns in addition.indexes.iter().chain(addition.unique) {
            let name = format!("{}_{}", addition.table, columns.join("_"));
            manager.drop_index(Index::drop().name(name).table(Alias::new(addition.table)).to_owned()).await?;
        }
        for column in addition.columns.iter().rev() {
            let mut alter = sea_query::Table::alter();
            alter.table(Alias::new(addition.table)).drop_column(Alias::new(column.name));
            manager.alter_table(alter).await?;
        }
    }
    Ok(())
}

fn statement(table: &Table) -> TableCreateStatement {
    let mut create = sea_query::Table::create();
    create.table(Alias::new(table.name));
    let mut key = Index::create();
    for column in table.columns {
        create.col(column.definition());
        if column.primary_key {
            key.col(Alias::new(column.name));
        }
        if let Some(target) = column.references {
            create.foreign_key(
                ForeignKey::create()
                    .from(Alias::new(table.name), Alias::new(column.name))
                    .to(Alias::new(target), Alias::new("id")),
            );
        }
    }
    create.primary_key(&mut key);
    create
}

fn index(table: &str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(format!("{table}_{}", columns.join("_"))).table(Alias::new(table));
    for column in columns {
        index.col(Alias::new(*column));
    }
    index
}
