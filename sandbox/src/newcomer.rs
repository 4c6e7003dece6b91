//! People who come with a past: whoever starts a sandbox beside an installation that already knows its people puts them
//! back on their phones, with what they had agreed to. Nothing is pushed, since their agreement is known there.

use std::sync::Arc;

use crate::SandboxHandle;
use crate::world::World;
use crate::world::directory::Wish;
use crate::world::person::{Grant, Person};

/// What is known of somebody; the sandbox draws what is left out.
#[derive(Clone, Default)]
pub struct Newcomer {
    pub name: Option<String>,
    pub phone: Option<String>,
    pub openid: Option<String>,
    pub unionid: Option<String>,
    pub alipay_open_id: Option<String>,
    /// Template and sends left; for a long-term template anything above 0 is a yes.
    pub subscriptions: Vec<(String, u32)>,
}

impl SandboxHandle {
    /// Makes phones for all of them, in order. Makes none when an openid is taken.
    pub fn welcome(&self, newcomers: Vec<Newcomer>) -> anyhow::Result<()> {
        let world = self.0.world();
        let (wishes, subscriptions): (Vec<_>, Vec<_>) = newcomers.into_iter().map(Newcomer::split).unzip();
        let people = world.people.make(wishes, &world.dice, self.0.now()).map_err(anyhow::Error::msg)?;
        for (person, held) in people.iter().zip(subscriptions) {
            subscribe(&world, person, held);
        }
        self.0.tell("people", || serde_json::json!({ "count": people.len() }));
        Ok(())
    }
}

impl Newcomer {
    fn split(self) -> (Wish, Vec<(String, u32)>) {
        let wish = Wish {
            name: self.name,
            phone: self.phone,
            openid: self.openid,
            unionid: self.unionid,
            alipay_open_id: self.alipay_open_id,
            ..Wish::default()
        };
        (wish, self.subscriptions)
    }
}

fn subscribe(world: &World, person: &Arc<Person>, held: Vec<(String, u32)>) {
    let mut own = person.own();
    for (id, left) in held {
        // A template that the account no longer holds can't be sent, so nothing is lost with it.
        let Some(template) = world.templates.find(&id) else { continue };
        let grant = if template.is_long_term() { Grant::LongTerm(left > 0) } else { Grant::Count(left) };
        own.set_grant(&template.id, grant);
    }
}
