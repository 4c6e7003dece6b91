//! Shared state in Redis, for any number of processes.
//!
//! Whatever reads and then writes is one script, which Redis runs alone. Every call answers within [`DEADLINE`],
//! also while Redis is away: callers have a stricter local rule to fall back to and must not hang. The connection is
//! multiplexed and comes back by itself; one that falls silent is given up, since a lost peer may never be reported.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, ErrorKind, RedisError, RedisResult, Script, ServerErrorKind};

use super::gcra::{GRACE_MILLIS, closed};
use super::{Limit, Permits, Result, SharedState, SharedStateError};

/// Keeps our keys apart from those of others in the same database.
const PREFIX: &str = "huike:";

/// The client's own default of half a second fails under load.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The whole call, waiting for a connection included.
const DEADLINE: Duration = Duration::from_millis(2_500);

/// Attempts to reconnect while calls wait; the next call starts the next round, so the sum stays below the deadline.
const RECONNECT_ATTEMPTS: usize = 3;
const RECONNECT_FIRST_DELAY: Duration = Duration::from_millis(50);
const RECONNECT_LONGEST_DELAY: Duration = Duration::from_millis(400);

const REMOVE_IF: &str = "
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return 1";

const REPLACE_IF: &str = "
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1";

const INCREMENT: &str = "
local fresh = redis.call('EXISTS', KEYS[1]) == 0
redis.call('INCRBY', KEYS[1], ARGV[1])
if fresh then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return redis.call('GET', KEYS[1])";

/// The rule of `gcra.rs`, operation for operation. Without a time from the caller the server's own counts.
const TAKE_PERMITS: &str = "
local wanted, now = tonumber(ARGV[1]), tonumber(ARGV[2])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000000 + tonumber(time[2])
end
local function rate(n) return tonumber(ARGV[2 + 2 * n]), tonumber(ARGV[3 + 2 * n]) end
local function free(backlog, per_second, burst)
  return math.max(math.floor(burst - backlog * per_second / 1000000), 0)
end
local backlogs, since, granted = {}, {}, wanted
for n, key in ipairs(KEYS) do
  local kept, at = string.match(redis.call('GET', key) or '', '^(%d+):(%-?%d+)$')
  kept, at = tonumber(kept) or 0, tonumber(at) or now
  backlogs[n], since[n] = math.max(kept - math.max(now - at, 0), 0), at
  local per_second, burst = rate(n)
  granted = math.min(granted, free(backlogs[n], per_second, burst))
end
local wait = 0
for n, key in ipairs(KEYS) do
  local per_second, burst = rate(n)
  local backlog = backlogs[n] + math.ceil(granted * 1000000 / per_second)
  if free(backlog, per_second, burst) < 1 then
    wait = math.max(wait, math.max(math.ceil(backlog - (burst - 1) * 1000000 / per_second), 1))
  end
  if granted > 0 or since[n] > now then
    local keep = math.floor(backlog / 1000) + tonumber(ARGV[3])
    redis.call('SET', key, string.format('%.0f:%.0f', backlog, now), 'PX', string.format('%.0f', keep))
  end
end
return {granted, wait}";

struct Scripts {
    remove_if: Script,
    replace_if: Script,
    increment: Script,
    take_permits: Script,
}

/// The connection in use; the generation tells whether a failed call still speaks about this one.
struct Link {
    generation: u64,
    manager: ConnectionManager,
}

pub struct RedisSharedState {
    client: Client,
    prefix: String,
    callers_clock: bool,
    scripts: Scripts,
    link: Mutex<Link>,
}

impl RedisSharedState {
    /// Must be called inside a tokio runtime. Does not wait for Redis: the first call connects, so a Redis that is
    /// away at the start is only seen in [`SharedState::ping`] and in the calls that need it.
    pub fn connect(url: &str) -> Result<Self> {
        let client = Client::open(url).map_err(unavailable)?;
        let manager = manager(&client)?;
        Ok(Self {
            client,
            prefix: PREFIX.to_owned(),
            callers_clock: false,
            scripts: Scripts {
                remove_if: Script::new(REMOVE_IF),
                replace_if: Script::new(REPLACE_IF),
                increment: Script::new(INCREMENT),
                take_permits: Script::new(TAKE_PERMITS),
            },
            link: Mutex::new(Link { generation: 0, manager }),
        })
    }

    /// Keeps several installations apart in one database.
    pub fn with_namespace(mut self, namespace: &str) -> Self {
        self.prefix = format!("{PREFIX}{namespace}:");
        self
    }

    /// Rates go by the time that callers tell instead of the server's: for tests, whose clock stands still.
    pub fn with_callers_clock(mut self) -> Self {
        self.callers_clock = true;
        self
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    async fn call<T, F>(&self, command: impl FnOnce(ConnectionManager) -> F) -> Result<T>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let (generation, manager) = {
            let link = self.lock();
            (link.generation, link.manager.clone())
        };
        match tokio::time::timeout(DEADLINE, command(manager)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                if leaves_connection_stuck(&error) {
                    self.renew(generation);
                }
                Err(unavailable(error))
            }
            Err(_) => {
                self.renew(generation);
                Err(SharedStateError(format!("no answer from Redis within {DEADLINE:?}")))
            }
        }
    }

    fn renew(&self, generation: u64) {
        let mut link = self.lock();
        if link.generation != generation {
            return;
        }
        if let Ok(manager) = manager(&self.client) {
            *link = Link { generation: generation + 1, manager };
        }
    }

    fn lock(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn manager(client: &Client) -> Result<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_response_timeout(Some(RESPONSE_TIMEOUT))
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_number_of_retries(RECONNECT_ATTEMPTS)
        .set_min_delay(RECONNECT_FIRST_DELAY)
        .set_max_delay(RECONNECT_LONGEST_DELAY);
    ConnectionManager::new_lazy_with_config(client.clone(), config).map_err(unavailable)
}

/// Errors after which the manager would keep a connection that no longer answers, or a refused sign-in, for good.
fn leaves_connection_stuck(error: &RedisError) -> bool {
    error.is_timeout()
        || matches!(
            error.kind(),
            ErrorKind::AuthenticationFailed | ErrorKind::Server(ServerErrorKind::BusyLoading)
        )
}

fn unavailable(error: RedisError) -> SharedStateError {
    SharedStateError(error.to_string())
}

/// Redis refuses a time-to-live of zero.
fn millis(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).clamp(1, i64::MAX as u64 / 4)
}

#[async_trait]
impl SharedState for RedisSharedState {
    async fn get(&self, key: &str) -> Result<Option<String>> {
        let key = self.key(key);
        self.call(async |mut manager| redis::cmd("GET").arg(key).query_async(&mut manager).await).await
    }

    async fn set(&self, key: &str, value: &str, ttl: Duration) -> Result<()> {
        let mut command = redis::cmd("SET");
        command.arg(self.key(key)).arg(value).arg("PX").arg(millis(ttl));
        self.call(async |mut manager| command.query_async(&mut manager).await).await
    }

    async fn set_if_absent(&self, key: &str, value: &str, ttl: Duration) -> Result<bool> {
        let mut command = redis::cmd("SET");
        command.arg(self.key(key)).arg(value).arg("NX").arg("PX").arg(millis(ttl));
        let set: Option<String> =
            self.call(async |mut manager| command.query_async(&mut manager).await).await?;
        Ok(set.is_some())
    }

    async fn remove_if(&self, key: &str, expected: &str) -> Result<bool> {
        let mut script = self.scripts.remove_if.prepare_invoke();
        script.key(self.key(key)).arg(expected);
        self.call(async |mut manager| script.invoke_async(&mut manager).await).await
    }

    async fn replace_if(&self, key: &str, expected: &str, value: &str, ttl: Duration) -> Result<bool> {
        let mut script = self.scripts.replace_if.prepare_invoke();
        script.key(self.key(key)).arg(expected).arg(value).arg(millis(ttl));
        self.call(async |mut manager| script.invoke_async(&mut manager).await).await
    }

    async fn increment(&self, key: &str, by: i64, ttl: Duration) -> Result<i64> {
        let mut script = self.scripts.increment.prepare_invoke();
        script.key(self.key(key)).arg(by).arg(millis(ttl));
        self.call(async |mut manager| script.invoke_async(&mut manager).await).await
    }

    async fn take_together(&self, limits: &[Limit<'_>], wanted: u32, now: DateTime<Utc>) -> Result<Permits> {
        if let Some(nothing) = limits.iter().find_map(|limit| closed(limit.rate)) {
            return Ok(nothing);
        }
        let now = if self.callers_clock { now.timestamp_micros().to_string() } else { String::new() };
        let mut script = self.scripts.take_permits.prepare_invoke();
        script.arg(wanted).arg(now).arg(GRACE_MILLIS);
        for limit in limits {
            script.key(self.key(limit.key)).arg(limit.rate.per_second).arg(limit.rate.burst);
        }
        let (granted, wait_micros): (u32, u64) =
            self.call(async |mut manager| script.invoke_async(&mut manager).await).await?;
        Ok(Permits { granted, retry_after: Duration::from_micros(wait_micros) })
    }

    async fn ping(&self) -> Result<()> {
        self.call(async |mut manager| redis::cmd("PING").query_async::<String>(&mut manager).await).await?;
        Ok(())
    }
}
