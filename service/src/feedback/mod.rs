//! Feedback: what members tell the shop, and its answers.
//!
//! States: `open -> answered -> closed`, `open -> closed`. An answer is a row that nothing changes, and the member is told of each by
//! a notice. A complaint has a time by which it is to be answered and is never closed without an answer. Written by members
//! and by staff who handle feedback; whoever is limited to stores sees what names one of theirs. A member who
//! leaves takes the words along: the rows stay, empty and closed.

mod handle;
mod list;
mod send;

pub use entity::feedback::Model as FeedbackRow;
pub use entity::feedback_reply::Model as ReplyRow;
pub use handle::{close_feedback, reply_to_feedback};
pub use list::{FeedbackFilter, HandledFeedback, MyFeedback, Reply, list_feedback, list_my_feedback};
pub use send::{NewFeedback, send_feedback};

use crate::error::{Error, Result};

const LONGEST_TEXT: usize = 1000;

/// Several lines, as people write them.
fn words(text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_TEXT {
        return Err(Error::invalid("text", format!("must have 1 to {LONGEST_TEXT} characters")));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Error::invalid("text", "contains a control character"));
    }
    Ok(text.to_owned())
}
