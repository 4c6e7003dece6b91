//! The project under test: its worker processes at a database of their own, a campaign that they send, and what came of it.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::client::{free_port, get};
use crate::load::{AT_CAP, KEYS, OPTED_OUT, TEMPLATE, campaign, campaign_id};
use crate::place::Place;
use crate::process::{Meter, Process, pids_of, resident_mb};
use crate::servers::{Arrived, Broker, Database, Mock, Redis, wait_at_most};

/// The first campaign that is measured; lower numbers are the earlier ones.
pub const CAMPAIGN: u64 = 10;
const LONGEST: Duration = Duration::from_secs(900);

/// What the runs of one benchmark share.
pub struct Servers {
    pub broker: Broker,
    pub redis: Redis,
    pub mock: Mock,
}

impl Servers {
    pub fn start(place: &Place) -> Result<Self> {
        Ok(Self { broker: Broker::create(place), redis: Redis::start(place)?, mock: Mock::start(place)? })
    }
}

pub struct Project<'a> {
    place: &'a Place,
    servers: &'a Servers,
    pub database: Database,
    run: String,
    settings: Vec<(String, String)>,
    pub workers: Vec<(Process, u16)>,
}

/// What one campaign came to.
pub struct Sent {
    /// From the moment for which it was planned to its last recorded outcome.
    pub seconds: f64,
    pub first_send_seconds: f64,
    pub sent: u64,
    pub members: u64,
    /// Processor seconds.
    pub cpu: BTreeMap<String, f64>,
    /// Resident megabytes of the worker that had most.
    pub most_mb: f64,
    pub arrived: Arrived,
}

impl<'a> Project<'a> {
    /// A fresh copy of the members, fresh queues, nothing running yet.
    pub fn new(place: &'a Place, servers: &'a Servers, members: &Database, run: &str) -> Result<Self> {
        let database = Database::create(place, run, Some(members))?;
        let run = format!("{}-{run}", std::process::id());
        servers.mock.reset(false)?;
        Ok(Self { place, servers, database, run, settings: Vec::new(), workers: Vec::new() })
    }

    /// A setting as the environment spells it.
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.settings.push((name.to_owned(), value.to_string()));
        self
    }

    pub fn command(&self) -> Command {
        let mut command = self.place.huike();
        command
            .env("HUIKE_DATABASE_URL", &self.database.url)
            .env("HUIKE_AMQP_URL", &self.servers.broker.url)
            .env("HUIKE_BROKER_PREFIX", format!("bench-{}.", self.run))
            .env("HUIKE_REDIS_URL", self.servers.redis.url())
            .env("HUIKE_REDIS_NAMESPACE", &self.run)
            .env("HUIKE_SECRET_KEYS", KEYS)
            .env("HUIKE_WECHAT_BASE_URL", format!("http://127.0.0.1:{}", self.servers.mock.port))
            .env("HUIKE_WECHAT_APPID", "wxbench")
            .env("HUIKE_WECHAT_SECRET", "bench")
            // The limiter works and does not bind.
            .env("HUIKE_RATES_WECHAT_PER_SECOND", "200000")
            // The hour of the day must not decide.
            .env("HUIKE_QUIET_HOURS_START", "00:00")
            .env("HUIKE_QUIET_HOURS_END", "00:00")
            .env("HUIKE_LOG_FILTER", "warn")
            .envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    pub fn start_worker(&mut self) -> Result<()> {
        let port = free_port()?;
        let mut command = self.command();
        command.args(["worker", "--listen", &format!("127.0.0.1:{port}")]);
        self.start(&mut command, port)
    }

    pub fn start_workers(&mut self, count: usize) -> Result<()> {
        (0..count).try_for_each(|_| self.start_worker())
    }

    fn start(&mut self, command: &mut Command, port: u16) -> Result<()> {
        let mut process = Process::start_quiet(command, &self.place.log("huike"))?;
        wait_at_most("the worker's readiness", Duration::from_secs(60), || {
            get(port, "/readyz").is_ok() || !process.is_running()
        })?;
        ensure!(process.is_running(), "the worker ended; see {}", self.place.log("huike").display());
        self.workers.push((process, port));
        Ok(())
    }

    pub fn plan(&self, number: u64, template: &str, rate: &str) -> Result<()> {
        self.database.run(&campaign(number, "scheduled", template, rate))?;
        Ok(())
    }

    pub fn is_completed(&self, number: u64) -> bool {
        let sql = format!("SELECT state FROM campaign WHERE id = {}", campaign_id(number));
        self.database.run(&sql).is_ok_and(|state| state == "completed")
    }

    pub fn wait_until_completed(&self, number: u64) -> Result<()> {
        wait_at_most("the campaign's end", LONGEST, || {
            std::thread::sleep(Duration::from_millis(200));
            self.is_completed(number)
        })
    }

    pub fn meter(&self) -> Result<Meter> {
        let workers = self.workers.iter().map(|(process, _)| process.id()).collect();
        Ok(Meter::start(&[
            ("worker", workers),
            ("postgres", [self.database.backends()?, self.database.background()?].concat()),
            ("rabbitmq", pids_of("beam.smp")),
            ("redis", vec![self.servers.redis.process.id()]),
            ("mock", vec![self.servers.mock.process.id()]),
        ]))
    }

    /// The meter's reading, with the database's processes that began since it was started.
    pub fn read(&self, meter: &Meter) -> Result<BTreeMap<String, f64>> {
        let mut cpu = meter.read();
        let known = meter.pids("postgres");
        let new: f64 = self
            .database
            .backends()?
            .into_iter()
            .filter(|pid| !known.contains(pid))
            .map(crate::process::cpu_seconds)
            .sum();
        *cpu.entry("postgres".to_owned()).or_default() += new;
        Ok(cpu)
    }

    /// Sends one campaign to everybody and checks every count.
    pub fn send_to_all(&self, members: u64) -> Result<Sent> {
        let meter = self.meter()?;
        self.plan(CAMPAIGN, TEMPLATE, "NULL")?;
        self.wait_until_completed(CAMPAIGN)?;
        let sent = self.sent(CAMPAIGN, TEMPLATE, members, self.read(&meter)?)?;
        check(self, CAMPAIGN, members, &sent.arrived)?;
        Ok(sent)
    }

    pub fn sent(
        &self,
        number: u64,
        template: &str,
        members: u64,
        cpu: BTreeMap<String, f64>,
    ) -> Result<Sent> {
        let arrived = self.servers.mock.of(template)?;
        let planned = self.planned_at(number)?;
        let first = arrived.per_ms.iter().position(|count| *count > 0).unwrap_or_default();
        Ok(Sent {
            seconds: self.seconds(number)?,
            first_send_seconds: arrived.began + first as f64 / 1000.0 - planned,
            sent: arrived.sent,
            members,
            cpu,
            most_mb: self.workers.iter().map(|(process, _)| resident_mb(process.id()).1).fold(0.0, f64::max),
            arrived,
        })
    }

    /// From the planned start to the last outcome's record.
    pub fn seconds(&self, number: u64) -> Result<f64> {
        let id = campaign_id(number);
        self.database.number(&format!(
            "SELECT extract(epoch FROM max(d.updated_at) - min(c.scheduled_at)) FROM delivery d \
             JOIN campaign c ON c.id = d.campaign_id WHERE c.id = {id}"
        ))
    }

    pub fn planned_at(&self, number: u64) -> Result<f64> {
        let id = campaign_id(number);
        self.database
            .number(&format!("SELECT extract(epoch FROM scheduled_at) FROM campaign WHERE id = {id}"))
    }

    pub fn count(&self, number: u64, condition: &str) -> Result<u64> {
        let id = campaign_id(number);
        let sql = format!("SELECT count(*) FROM delivery WHERE campaign_id = {id} AND {condition}");
        Ok(self.database.number(&sql)? as u64)
    }
}

impl Drop for Project<'_> {
    fn drop(&mut self) {
        for (worker, _) in self.workers.drain(..) {
            worker.stop();
        }
    }
}

/// Each member has its outcome, the mock saw each sent one once, and nobody who was not to be sent to.
pub fn check(project: &Project<'_>, number: u64, members: u64, arrived: &Arrived) -> Result<()> {
    let opted_out = project.count(number, "state = 'suppressed' AND reason = 'opted_out'")?;
    let at_cap = project.count(number, "state = 'suppressed' AND reason = 'frequency_cap'")?;
    let sent = project.count(number, "state = 'sent'")?;
    ensure!(opted_out == members * OPTED_OUT / 100, "{opted_out} were found opted out of {members}");
    ensure!(at_cap == members * AT_CAP / 100, "{at_cap} were found at their cap of {members}");
    ensure!(sent == members - opted_out - at_cap, "{sent} are recorded as sent of {members}");
    ensure!(arrived.sent == sent, "{} came, {sent} are recorded", arrived.sent);
    check_arrivals(arrived)
}

/// Nobody twice, and nobody who has opted out or is at the cap.
pub fn check_arrivals(arrived: &Arrived) -> Result<()> {
    ensure!(arrived.duplicates == 0, "{} came twice", arrived.duplicates);
    let wrong: u64 = arrived.lots.iter().take((OPTED_OUT + AT_CAP) as usize).sum();
    ensure!(wrong == 0, "{wrong} came to members who were not to be sent to");
    Ok(())
}
