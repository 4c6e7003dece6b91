//! Callers as extractors: a handler that takes one is reachable by nobody else.
//!
//! [`MemberSession`] is a member, [`MemberToken`] one whose session the use case looks up itself, [`MemberOrAnybody`] perhaps one, [`StaffSession<P>`] staff whose role has the permission P, [`AnyStaff`] staff of whatever role.
//! The use case gets the caller and checks the store.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, USER_AGENT};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use service::session::{self, MemberCaller};
use service::staff::{self, Permission, StaffCaller, StaffRecord};
use service::{Context, Error};

use crate::problem::Problem;
use crate::request_log::CallerKind;
use crate::{admission, limits};

/// A random text that the app keeps on its device.
const DEVICE_ID: &str = "x-device-id";
pub const DEVICE_ID_LENGTH: std::ops::RangeInclusive<usize> = 8..=100;
/// Longest text that is kept of what a device calls itself.
const DEVICE_CHARACTERS: usize = 200;

type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

/// An active member with a session that stands.
pub struct MemberSession(pub MemberCaller);

impl FromRequest for MemberSession {
    type Error = Problem;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (request, admission) = (request.clone(), admission::begin(request));
        Box::pin(async move {
            let _admission = admission;
            let caller = session::authenticate_member(&*context(&request)?, bearer(&request)?).await?;
            CallerKind::Member.note(&request);
            Ok(Self(caller))
        })
    }
}

/// A member by the token alone. For use cases that look up the sessions of many requests together.
pub struct MemberToken(pub session::MemberToken);

impl FromRequest for MemberToken {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = || {
            let token = session::MemberToken::read(&*context(request)?, bearer(request)?)?;
            CallerKind::Member.note(request);
            Ok(Self(token))
        };
        ready(read())
    }
}

/// A member, or somebody who sends no token. A token that is no good is refused, so that its holder learns to refresh it.
pub struct MemberOrAnybody(pub Option<MemberCaller>);

impl FromRequest for MemberOrAnybody {
    type Error = Problem;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let member = request
            .headers()
            .contains_key(AUTHORIZATION)
            .then(|| MemberSession::from_request(request, payload));
        Box::pin(async move {
            match member {
                Some(member) => Ok(Self(Some(member.await?.0))),
                None => Ok(Self(None)),
            }
        })
    }
}

/// A permission as a type, so that it can stand in a handler's signature.
pub trait Permitted: 'static {
    const PERMISSION: Permission;
}

macro_rules! permissions {
    ($($name:ident),+ $(,)?) => {
        /// A type for each permission, e.g. `StaffSession<permission::ServeMembers>`.
        pub mod permission {
            $(pub struct $name;
            impl super::Permitted for $name {
                const PERMISSION: super::Permission = super::Permission::$name;
            })+
        }
    };
}

permissions!(
    ServeMembers,
    ReadMembers,
    WriteMembers,
    RevealPhones,
    AnswerDataRequests,
    MergeMembers,
    ReadStores,
    WriteStores,
    ReadStaff,
    WriteStaff,
    ReadCoupons,
    WriteCoupons,
    ReadCampaigns,
    WriteCampaigns,
    ApproveCampaigns,
    ReadReports,
    AnalyseMembers,
    ReadSettings,
    WriteSettings,
    ReadAudit,
    HandleDeadLetters,
    HandleFeedback,
);

/// Active staff whose role has the permission, with their own password.
pub struct StaffSession<P>(pub StaffCaller, PhantomData<P>);

impl<P: Permitted> FromRequest for StaffSession<P> {
    type Error = Problem;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (request, admission) = (request.clone(), admission::begin(request));
        Box::pin(async move {
            let _admission = admission;
            let caller = staff::authenticate_staff(&*context(&request)?, bearer(&request)?).await?;
            CallerKind::Staff.note(&request);
            caller.require(P::PERMISSION)?;
            Ok(Self(caller, PhantomData))
        })
    }
}

/// Active staff of any role, also those who still have to change a one-time password.
pub struct AnyStaff {
    pub caller: StaffCaller,
    pub record: StaffRecord,
}

impl FromRequest for AnyStaff {
    type Error = Problem;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (request, admission) = (request.clone(), admission::begin(request));
        Box::pin(async move {
            let _admission = admission;
            let ctx = context(&request)?;
            let (caller, staff) = staff::authenticate_staff_in_any_case(&ctx, bearer(&request)?).await?;
            CallerKind::Staff.note(&request);
            let store_ids = caller.stores.limits().to_vec();
            Ok(Self { caller, record: StaffRecord { staff, store_ids } })
        })
    }
}

/// A bearer token that nobody has looked at yet; signing out takes it even when it has expired.
pub struct BearerToken(pub String);

impl FromRequest for BearerToken {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(bearer(request).map(|token| Self(token.to_owned())))
    }
}

/// Where the request comes from, see [`limits::client_address`].
pub struct Client(pub session::Client);

impl FromRequest for Client {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(context(request).map(|ctx| {
            let device = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
            Self(session::Client {
                address: limits::client_address(request, &ctx.settings.server),
                device: device.map(|device| device.chars().take(DEVICE_CHARACTERS).collect()),
                device_id: device_id(request),
            })
        }))
    }
}

/// One that is too short or too long tells nothing.
fn device_id(request: &HttpRequest) -> Option<String> {
    let id = request.headers().get(DEVICE_ID)?.to_str().ok()?.trim();
    DEVICE_ID_LENGTH.contains(&id.len()).then(|| id.to_owned())
}

fn context(request: &HttpRequest) -> Result<Data<Context>, Problem> {
    let ctx = request.app_data::<Data<Context>>().cloned();
    ctx.ok_or_else(|| Error::Internal(anyhow::anyhow!("the server has no context")).into())
}

fn bearer(request: &HttpRequest) -> Result<&str, Problem> {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|header| {
        let (scheme, token) = header.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    token.filter(|token| !token.is_empty()).ok_or_else(|| Error::Unauthenticated.into())
}
