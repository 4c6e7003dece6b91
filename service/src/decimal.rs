//! Decimal numbers as ten-thousandths in an integer: what is compared and kept goes by way of no float.

const SCALE: i64 = 10_000;
const DECIMALS: usize = 4;
const LARGEST: i64 = 1_000_000_000_000;

/// The number in ten-thousandths, or what is wrong with it.
pub fn scaled(text: &str) -> Result<i64, String> {
    let wrong = || format!("is a number up to {LARGEST} with {DECIMALS} decimals at most");
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let decimals = decimals.trim_end_matches('0');
    if decimals.len() > DECIMALS || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let whole: i64 = whole.parse().ok().filter(|whole| (0..=LARGEST).contains(whole)).ok_or_else(wrong)?;
    let decimals: i64 = format!("{decimals:0<DECIMALS$}").parse().map_err(|_| wrong())?;
    Ok(sign * (whole * SCALE + decimals))
}

/// The shortest text of a number in ten-thousandths.
pub fn spelt(number: i64) -> String {
    let (sign, size) = (if number < 0 { "-" } else { "" }, number.unsigned_abs());
    let (whole, decimals) = (size / SCALE.unsigned_abs(), size % SCALE.unsigned_abs());
    let text = format!("{sign}{whole}.{decimals:04}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
