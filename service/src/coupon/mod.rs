//! Coupons: the offer (template), its copies, and how a copy moves.
//!
//! States: `issued -> locked -> used -> issued | expired`, `issued -> expired`, `issued -> voided`. Each move is a conditional
//! update whose row count is used, with a row in `coupon_event`; nothing is ever deleted.
//!
//! Invariants, each held by the database and not by a check before the write:
//! - `taken <= stock`: stock is taken by one conditional update ([`issue`]);
//! - a member holds at most `limit_per_member` copies of a template: unique `(template, member, slot)`;
//! - a copy has at most one redemption that is not reversed: a partial unique index;
//! - `taken` falls only for copies that never reached their member ([`void`] with `return_stock`).
//!
//! The rules of a template are frozen once copies exist. A withdrawn template gives no new copies; those that members
//! hold stay good. Locks are taken in the order members, packs, templates, codes, coupons, on every path.
//!
//! Ways to a copy: claims ([`claim`]), codes ([`claim_by_code`]), packs ([`claim_pack`]), a friend ([`accept_coupon`]), campaigns and
//! imports ([`issue`]). Ways to use one: the till and the online shop ([`redeem_coupon`]), a till that was cut off
//! ([`upload_offline_redemption`]).

mod again;
pub mod basket;
mod claim;
mod code;
mod code_batch;
pub mod combine;
mod conditions;
mod entitled;
mod event;
mod expire;
mod facts;
mod find_code;
mod had;
mod issue;
mod issue_postgres;
mod line;
mod list;
mod lock;
mod mine;
mod offer;
mod offline;
mod offline_code;
mod pack;
mod pack_write;
mod quote;
mod receipt;
mod redeem;
mod redeem_together;
mod return_of_order;
mod reverse;
pub mod rules;
mod shown_code;
pub mod template;
mod trace;
mod transfer;
mod typed_code;
mod use_up;
mod use_up_postgres;
mod void;

pub use entity::redemption::Model as RedemptionRow;

pub use basket::Basket;
pub use claim::{claim, claim_by_token};
pub use code_batch::{BatchCode, CodeBatch, download_codes, list_code_batches};
pub use combine::Combination;
pub use conditions::{Conditions, Window};
pub use expire::expire;
pub use find_code::{CodeKind, FoundCode, FoundCopy, SingleCode, find_code};
pub(crate) use issue::lock_templates;
pub use issue::{IssueOrder, Issued, issue};
pub use line::{ClaimDesk, Turns};
pub use list::{StoreRedemption, list_redemptions};
pub use lock::{lock_coupon, release_locks, unlock_coupon};
pub use mine::{CouponFilter, CouponOrder, MyCoupon, Wallet, list_mine, read_mine, read_wallet};
pub use offer::{HeldCoupon, Offer, cost_fen};
pub use offline::{
    NewOfflineRedemption, OfflineGrant, OfflineOutcome, OfflineRedemptionRow, grant_offline,
    list_offline_redemptions, upload_offline_redemption, uses_in_conflict,
};
pub use offline_code::{OfflineCode, offline_code};
pub use pack::{
    ClaimablePack, Pack, PackItem, PackedOffer, TakenPack, claim_pack, list_claimable_packs, list_packs,
};
pub use pack_write::{PackForm, change_pack, create_pack};
pub use quote::{Judged, Quote, QuoteCoupons, judge_scanned, quote_coupons};
pub use redeem::{Proof, Receipt, ReceiptPart, RedeemCoupon, Redeemed, redeem_coupon};
pub use redeem_together::RedemptionDesk;
pub use return_of_order::{PartlyReturned, ReturnedLine, return_of_lines, return_of_order};
pub use reverse::{Undo, reverse_redemption, undo_of};
pub use rules::{Fix, Unusable};
pub use shown_code::scan_code;
pub use trace::{TracedCoupon, TracedMove, TracedRedemption, list_of_member};
pub use transfer::{TransferLink, accept_coupon, call_back_coupon, offer_coupon};
pub use typed_code::{claim_by_code, create_codes};
pub(crate) use void::take_back;
pub use void::{void, void_coupon};
