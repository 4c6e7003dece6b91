//! Who is next in the line of a hot template.

use service::coupon::Turns;
use service::ids::{self, MemberId};

fn members<const N: usize>() -> [MemberId; N] {
    [(); N].map(|()| ids::next(chrono::DateTime::UNIX_EPOCH))
}

#[test]
fn members_take_turns_however_often_one_of_them_taps() {
    let [eager, calm, late] = members();
    let mut turns = Turns::default();
    for (number, member) in [eager, eager, eager, calm, eager, late].into_iter().enumerate() {
        assert!(turns.push(member, number));
    }

    assert_eq!(turns.take(), [0, 3, 5]);
    assert_eq!(turns.take(), [1]);
    assert_eq!(turns.take(), [2]);
    assert_eq!(turns.take(), [4]);
    assert!(turns.take().is_empty());
}

#[test]
fn one_member_can_not_fill_the_line() {
    let [eager, calm] = members();
    let mut turns = Turns::default();

    let let_in = (0..1_000).filter(|number| turns.push(eager, *number)).count();

    assert_eq!(let_in, 64);
    assert!(turns.push(calm, 0));
}
