//! What dead letters have in common: their queue, their job, and their reason without what differs from one to the next.

use crate::crypto;

/// The job's name where the body tells none.
const NO_JOB: &str = "unknown";
const MOST_CHARACTERS: usize = 200;
/// Digits of the key: enough for every cause there will ever be.
const KEY_DIGITS: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    pub job: String,
    pub problem: String,
}

impl Cause {
    pub fn of(body: &serde_json::Value, reason: &str) -> Self {
        let job = body["job"].as_str().unwrap_or(NO_JOB).chars().take(40).collect();
        Self { job, problem: normalised(reason) }
    }

    /// The same for all letters of one cause.
    pub fn key(&self, queue: &str) -> String {
        let mut key = crypto::sha256_hex(format!("{queue}\n{}\n{}", self.job, self.problem).as_bytes());
        key.truncate(KEY_DIGITS);
        key
    }
}

/// A reason with every id, address and number replaced by `*`. Doing it again changes nothing.
pub fn normalised(reason: &str) -> String {
    let mut text = String::with_capacity(reason.len());
    for word in reason.split_whitespace() {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&without_numbers(word));
    }
    text.chars().take(MOST_CHARACTERS).collect::<String>().trim_end().to_owned()
}

/// Whatever has a digit in it, up to the punctuation around it, is one `*`.
fn without_numbers(word: &str) -> String {
    let is_inner = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '@' | '/');
    let mut text = String::new();
    let mut piece = String::new();
    let end = |piece: &mut String, text: &mut String| {
        text.push_str(if piece.chars().any(|c| c.is_ascii_digit()) { "*" } else { piece });
        piece.clear();
    };
    for c in word.chars() {
        if is_inner(c) {
            piece.push(c);
        } else {
            end(&mut piece, &mut text);
            text.push(c);
        }
    }
    end(&mut piece, &mut text);
    text
}

/// What to do about a cause, in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remedy {
    pub chinese: &'static str,
    pub english: &'static str,
}

/// By the first word of the reason that is known.
const REMEDIES: [(&str, Remedy); 7] = [
    (
        "undecodable",
        Remedy {
            chinese: "消息内容无法解码，多半来自不同版本的程序：更正内容后重放，或丢弃",
            english: "The message can't be decoded; it probably comes from another version of the program. Replay it with a corrected body, or discard it.",
        },
    ),
    (
        "came back unsettled",
        Remedy {
            chinese: "处理它的进程一再中途退出：先查看工作进程的日志与内存，再重放一条试试",
            english: "The process that handled it died again and again. Look at the workers' logs and memory, then replay one to try.",
        },
    ),
    (
        "database",
        Remedy {
            chinese: "数据库当时不可用：确认 huike doctor 正常后重放",
            english: "The database was away. Make sure that `huike doctor` is content, then replay.",
        },
    ),
    (
        "shared state",
        Remedy {
            chinese: "Redis 当时不可用：确认 huike doctor 正常后重放",
            english: "Redis was away. Make sure that `huike doctor` is content, then replay.",
        },
    ),
    (
        "is unavailable",
        Remedy {
            chinese: "依赖的平台当时不可用：确认 huike doctor 正常后重放",
            english: "A platform was away. Make sure that `huike doctor` is content, then replay.",
        },
    ),
    (
        "too many requests",
        Remedy {
            chinese: "当时请求过于频繁：稍后重放",
            english: "Too much was asked at once. Replay it later.",
        },
    ),
    (
        "internal error",
        Remedy {
            chinese: "程序出错：按消息编号查日志，修复后重放；任务只带编号，重放会重新判断每个关卡",
            english: "The program failed. Find the message's id in the logs, mend it, then replay; every gate is asked again.",
        },
    ),
];

const UNKNOWN: Remedy = Remedy {
    chinese: "按消息编号查日志，排除原因后重放",
    english: "Find the message's id in the logs, remove the cause, then replay.",
};

pub fn remedy(problem: &str) -> Remedy {
    REMEDIES.iter().find(|(word, _)| problem.contains(word)).map_or(UNKNOWN, |(_, remedy)| *remedy)
}
