//! What every use case is given: database, clock, shared state, platforms, settings, keys.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::campaign::ProgressBoard;
use crate::clock::Clock;
use crate::coupon::{ClaimDesk, RedemptionDesk};
use crate::crowding::Crowding;
use crate::crypto::Keys;
use crate::db::Db;
use crate::delivery::Paces;
use crate::error::{Error, Result};
use crate::identity::SignInDesk;
use crate::ids::{self, CouponId};
use crate::one_by_one::OneByOne;
use crate::platforms::Platforms;
use crate::session::MemberLookUps;
use crate::settings::Settings;
use crate::shared_state::{MemorySharedState, RedisSharedState, SharedState};
use crate::staff::StaffLookUps;

/// Companies of redemptions under way: while one is written, another is read.
const REDEEMING: usize = 2;

#[derive(Clone)]
pub struct Context {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub shared: Arc<dyn SharedState>,
    /// This process's own limits, for when nobody counts for all.
    pub local: Arc<MemorySharedState>,
    pub platforms: Platforms,
    pub settings: Arc<Settings>,
    pub keys: Keys,
    pub claims: ClaimDesk,
    pub redemptions: RedemptionDesk,
    /// The coupons that requests are about.
    pub redeeming: OneByOne<CouponId>,
    pub sign_ins: SignInDesk,
    pub member_look_ups: MemberLookUps,
    pub staff_look_ups: StaffLookUps,
    pub paces: Paces,
    pub progress: ProgressBoard,
    pub crowding: Crowding,
}

impl Context {
    pub async fn connect(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self> {
        let shared: Arc<dyn SharedState> = match settings.redis_url.expose() {
            "" => Arc::new(MemorySharedState::new()),
            url => Arc::new(RedisSharedState::connect(url)?.with_namespace(&settings.redis_namespace)),
        };
        Self::with_shared_state(settings, clock, shared).await
    }

    /// With a shared state that somebody else chose: a test's own corner of Redis.
    pub async fn with_shared_state(
        settings: Settings,
        clock: Arc<dyn Clock>,
        shared: Arc<dyn SharedState>,
    ) -> Result<Self> {
        let keys = Keys::parse(settings.secret_keys.expose()).map_err(Error::Internal)?;
        let db = Db::connect(&settings).await?;
        let platforms = Platforms::connect(&settings, shared.clone(), clock.clone())?;
        Ok(Self {
            db,
            clock,
            shared,
            local: Arc::default(),
            platforms,
            paces: Paces::new(settings.delivery.concurrency),
            settings: Arc::new(settings),
            keys,
            claims: Default::default(),
            redemptions: RedemptionDesk::with_workers(REDEEMING),
            redeeming: Default::default(),
            sign_ins: Default::default(),
            member_look_ups: Default::default(),
            staff_look_ups: Default::default(),
            progress: Default::default(),
            crowding: Default::default(),
        })
    }

    /// For urgent messages: connections, HTTP clients and calls in flight of its own, so that a campaign's work is never in
    /// front of theirs. SQLite has one writer, and state in memory is one: these stay shared. Must be called in the
    /// runtime that will use it.
    pub async fn for_urgent(&self) -> Result<Self> {
        let mut settings = Settings::clone(&self.settings);
        settings.delivery.concurrency = settings.delivery.urgent_concurrency;
        settings.database.max_connections = settings.database.urgent_connections;
        if !settings.is_embedded() {
            return Self::connect(settings, self.clock.clone()).await;
        }
        Ok(Self {
            platforms: Platforms::connect(&settings, self.shared.clone(), self.clock.clone())?,
            paces: Paces::new(settings.delivery.concurrency),
            settings: Arc::new(settings),
            ..self.clone()
        })
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub fn new_id<Id: From<Uuid>>(&self) -> Id {
        ids::next(self.now())
    }
}
