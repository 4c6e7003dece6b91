//! What a campaign changed against its hold-out: differences with their 95 % intervals. Pure.
//!
//! Rates: Newcombe's hybrid score interval (method 10 of Newcombe 1998, Statistics in Medicine 17:873-890), made of two Wilson
//! intervals; it holds for small groups and for rates near nothing. Sales per member: Welch's interval, which does not take the
//! two groups to vary alike.

/// The normal distribution's 97.5 % point.
const Z: f64 = 1.959_963_984_540_054;

/// So many of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    pub hits: u64,
    pub of: u64,
}

impl Share {
    /// None for an empty group.
    pub fn rate(self) -> Option<f64> {
        (self.of > 0).then(|| count(self.hits) / count(self.of))
    }
}

/// Sums over a group, members without anything included as zero.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sample {
    pub of: u64,
    pub sum: f64,
    pub squares: f64,
}

impl Sample {
    pub fn add(&mut self, value: f64) {
        self.of += 1;
        self.sum += value;
        self.squares += value * value;
    }

    fn mean(self) -> f64 {
        self.sum / count(self.of)
    }

    /// Of the mean: the sample's variance by its size.
    fn variance_of_mean(self) -> f64 {
        let of = count(self.of);
        let variance = (self.squares - self.sum * self.sum / of) / (of - 1.0);
        variance.max(0.0) / of
    }
}

/// A value and the interval that holds the true one in 95 of 100 cases.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

impl Estimate {
    pub fn map(self, change: impl Fn(f64) -> f64) -> Self {
        Self { value: change(self.value), low: change(self.low), high: change(self.high) }
    }
}

/// Wilson's score interval of one rate.
pub fn wilson(share: Share) -> Option<Estimate> {
    let value = share.rate()?;
    let of = count(share.of);
    let middle = value + Z * Z / (2.0 * of);
    let half = Z * (value * (1.0 - value) / of + Z * Z / (4.0 * of * of)).sqrt();
    let whole = 1.0 + Z * Z / of;
    Some(Estimate {
        value,
        low: ((middle - half) / whole).clamp(0.0, value),
        high: ((middle + half) / whole).clamp(value, 1.0),
    })
}

/// How much larger the rate is in `treated` than in `control`; None when one of them is empty.
pub fn rate_difference(treated: Share, control: Share) -> Option<Estimate> {
    let (one, other) = (wilson(treated)?, wilson(control)?);
    let value = one.value - other.value;
    let below = (one.value - one.low).hypot(other.high - other.value);
    let above = (one.high - one.value).hypot(other.value - other.low);
    Some(Estimate { value, low: value - below, high: value + above })
}

/// How much larger the mean is in `treated` than in `control`; None when one of them has fewer than two members.
pub fn mean_difference(treated: Sample, control: Sample) -> Option<Estimate> {
    if treated.of < 2 || control.of < 2 {
        return None;
    }
    let value = treated.mean() - control.mean();
    let error = (treated.variance_of_mean() + control.variance_of_mean()).sqrt();
    let half = student(freedom(treated, control)) * error;
    Some(Estimate { value, low: value - half, high: value + half })
}

/// Welch and Satterthwaite's degrees of freedom.
pub fn freedom(treated: Sample, control: Sample) -> f64 {
    let (one, other) = (treated.variance_of_mean(), control.variance_of_mean());
    let below = one * one / (count(treated.of) - 1.0) + other * other / (count(control.of) - 1.0);
    if below > 0.0 { (one + other).powi(2) / below } else { f64::INFINITY }
}

/// Student's 97.5 % point. Exact for one and two degrees; from three on the expansion in powers of 1/degrees (Abramowitz and
/// Stegun 26.7.5), which is off by less than 0.004 at three and by less than 0.001 from four.
pub fn student(degrees: f64) -> f64 {
    if degrees < 2.0 {
        return 12.706_204_736;
    }
    if degrees < 3.0 {
        return 4.302_652_730;
    }
    let power = |exponent: i32| Z.powi(exponent);
    let terms = [
        (power(3) + Z) / 4.0,
        (5.0 * power(5) + 16.0 * power(3) + 3.0 * Z) / 96.0,
        (3.0 * power(7) + 19.0 * power(5) + 17.0 * power(3) - 15.0 * Z) / 384.0,
        (79.0 * power(9) + 776.0 * power(7) + 1482.0 * power(5) - 1920.0 * power(3) - 945.0 * Z) / 92_160.0,
    ];
    let (sum, _) = terms.iter().fold((Z, 1.0), |(sum, over), term| {
        let over = over * degrees;
        (sum + term / over, over)
    });
    sum
}

/// What came back over the cost, by the cost: 0 is even, 1 is twice the cost. None where nothing was spent.
pub fn return_on_cost(incremental_fen: Estimate, cost_fen: i64) -> Option<Estimate> {
    #[allow(clippy::cast_precision_loss, reason = "money far below 2^53 fen")]
    let cost = cost_fen as f64;
    (cost_fen > 0).then(|| incremental_fen.map(|sales| (sales - cost) / cost))
}

#[allow(clippy::cast_precision_loss, reason = "members far below 2^53")]
fn count(number: u64) -> f64 {
    number as f64
}
