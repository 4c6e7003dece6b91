//! Single values and single lines.

use proptest::prelude::*;
use service::import::{
    AmountUnit, DateReader, SplitError, amount_fen, detect, shown, split_csv, split_table, whole_number,
};

#[test]
fn an_amount_is_read_digit_by_digit() {
    for (text, fen) in [
        ("11.77", 1177),
        ("0.00", 0),
        ("12", 1200),
        ("12.5", 1250),
        (".5", 50),
        ("5.", 500),
        ("12.3400", 1234),
        ("1,234,567.89", 123_456_789),
        ("0012.10", 1210),
        ("9007199254.99", 900_719_925_499),
    ] {
        assert_eq!(amount_fen(text, AmountUnit::Yuan), Ok(fen), "{text}");
    }
    assert_eq!(amount_fen("1177", AmountUnit::Fen), Ok(1177));
    assert_eq!(amount_fen("1177.00", AmountUnit::Fen), Ok(1177));
}

#[test]
fn an_amount_that_is_none_is_refused_with_its_reason() {
    for (text, reason) in [
        ("12.345", "\"12.345\" has more than 2 decimals"),
        ("-1", "\"-1\" is below zero; returns are not purchases"),
        ("", "\"\" is not a number"),
        (".", "\".\" is not a number"),
        ("1e3", "\"1e3\" is not a number"),
        ("1,23", "\"1,23\" is not a number"),
        (",123", "\",123\" is not a number"),
        ("12.3.4", "\"12.3.4\" is not a number"),
        ("NaN", "\"NaN\" is not a number"),
        ("１２", "\"１２\" is not a number"),
        ("10000000000.01", "\"100******00.01\" is too large for an amount"),
    ] {
        assert_eq!(amount_fen(text, AmountUnit::Yuan), Err(reason.to_owned()));
    }
    assert_eq!(amount_fen("1.5", AmountUnit::Fen), Err("\"1.5\" is not a whole number".to_owned()));
    assert!(whole_number("99999999999999999999").is_err());
}

proptest! {
    #[test]
    fn an_amount_written_with_two_decimals_is_read_back(fen in 0_i64..1_000_000_000_000) {
        let text = format!("{}.{:02}", fen / 100, fen % 100);
        prop_assert_eq!(amount_fen(&text, AmountUnit::Yuan), Ok(fen));
    }

    #[test]
    fn no_text_makes_a_value_panic(text in ".*") {
        let _ = amount_fen(&text, AmountUnit::Yuan);
        let _ = DateReader::new(None).expect("the usual formats").read(&text);
        let _ = split_csv(&text, ',');
        let _ = shown(&text);
    }

    #[test]
    fn quoted_fields_are_read_back(fields in prop::collection::vec("[^\r\n]{0,12}", 1..6)) {
        let line: Vec<String> = fields.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect();
        prop_assert_eq!(split_csv(&line.join(","), ','), Ok(fields));
    }
}

#[test]
fn dates_are_read_in_the_usual_forms_or_the_one_that_is_said() {
    let usual = DateReader::new(None).expect("the usual formats");
    for text in ["19970131", "1997-01-31", "1997/01/31", "1997-1-31"] {
        assert_eq!(usual.read(text).expect(text).to_string(), "1997-01-31 00:00:00");
    }
    assert_eq!(usual.read("1997-01-31 23:59:58").expect("a time").to_string(), "1997-01-31 23:59:58");
    for text in ["19970230", "31.01.1997", "1997", "yesterday", "00970131"] {
        assert!(usual.read(text).is_err(), "{text}");
    }
    let said = DateReader::new(Some("%d.%m.%Y")).expect("a format");
    assert_eq!(said.read("31.01.1997").expect("a date").to_string(), "1997-01-31 00:00:00");
    assert_eq!(said.read("1997-01-31"), Err("\"1997-01-31\" is not a date of the form %d.%m.%Y".to_owned()));
    for format in ["%Q", "date", "%Y-%m-%dT%H:%M:%S%z"] {
        assert!(DateReader::new(Some(format)).is_err(), "{format}");
    }
}

#[test]
fn a_value_is_shown_without_the_middle_of_a_phone_number() {
    assert_eq!(shown("138 1234 5678"), "\"138 **** 5678\"");
    assert_eq!(shown("12.345"), "\"12.345\"");
    assert!(shown(&"x".repeat(500)).len() < 50);
}

#[test]
fn a_line_is_split_as_its_kind_asks() {
    let some = |fields: &[&str]| Ok(fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>());
    assert_eq!(split_csv("a, b ,c", ','), some(&["a", "b", "c"]));
    assert_eq!(split_csv(r#""a,1","say ""hi""",c"#, ','), some(&["a,1", r#"say "hi""#, "c"]));
    assert_eq!(split_csv("a;;", ';'), some(&["a", "", ""]));
    assert_eq!(split_csv(r#"5" disc,1"#, ','), some(&[r#"5" disc"#, "1"]));
    assert_eq!(split_csv(r#""open,1"#, ','), Err(SplitError::Open));
    assert_eq!(split_csv(r#""a"b,1"#, ','), Err(SplitError::Stray));
    assert_eq!(split_table(" 00001 19970101  1   11.77"), ["00001", "19970101", "1", "11.77"]);
}

#[test]
fn the_delimiter_is_the_one_most_lines_agree_on() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(detect(&lines("a,b\n1,2\n3,4")), Some(','));
    assert_eq!(detect(&lines("a;b;c\n1,5;2;3\n3;4;5")), Some(';'));
    assert_eq!(detect(&lines("a\tb\n1\t2")), Some('\t'));
    assert_eq!(detect(&lines("\"a;1\",b\n\"2;3\",4")), Some(','));
    assert_eq!(detect(&lines(" id  date\n 1  19970101")), None);
}
