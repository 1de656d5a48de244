//! `perl`, as far as the documentation's Job needs it: `perl -Mbignum=bpi -wle 'print bpi(2000)'`.

/// How long the documentation says that 2,000 places take ("Running an example Job"), in milliseconds; the work grows with the square of the places.
const MS_FOR_2000: u64 = 10_000;
/// Beyond this nobody waits for them: four minutes.
const MOST_PLACES: u64 = 10_000;

/// What a call of perl comes to: how long it takes, what it prints, how it ends.
pub(super) struct Outcome {
    pub takes_ms: u64,
    pub out: String,
    pub error: String,
    pub code: i32,
}

/// `perl ARGUMENT…`
pub(super) fn perl(arguments: &[String]) -> Outcome {
    let ended = |error: String, code| Outcome { takes_ms: 0, out: String::new(), error, code };
    let flag =
        arguments.iter().skip(1).position(|word| word.starts_with('-') && !word.starts_with("-M") && !word.starts_with("-d") && word.ends_with('e'));
    let Some(script) = flag.map(|at| arguments.get(at + 2).map_or("", String::as_str)) else { return ended(String::new(), 0) };
    let has_bpi = arguments.iter().any(|word| word.strip_prefix("-Mbignum=").is_some_and(|names| names.split(',').any(|name| name == "bpi")));
    let places = script.trim().trim_end_matches(';').trim_end().strip_prefix("print bpi(").and_then(|rest| rest.strip_suffix(')'));
    match places.and_then(|places| places.trim().parse::<u64>().ok()).filter(|places| has_bpi && (1..=MOST_PLACES).contains(places)) {
        Some(places) => {
            Outcome { takes_ms: MS_FOR_2000 * places * places / 4_000_000, out: format!("{}\n", pi(places as usize)), error: String::new(), code: 0 }
        }
        None => ended(format!("perl: of Perl this playground has 'print bpi(N)' only (-Mbignum=bpi, N up to {MOST_PLACES})\n"), 2),
    }
}

/// A limb holds nine decimal places.
const LIMB: u64 = 1_000_000_000;
const LIMB_PLACES: usize = 9;

/// π with so many digits, the last one rounded (`bpi` of Math::BigFloat). Machin's sum: 16 arctan(1/5) − 4 arctan(1/239).
fn pi(digits: usize) -> String {
    // The first limb is what stands before the point; two more than are shown keep the sums' errors away.
    let limbs = digits / LIMB_PLACES + 3;
    let mut sum = vec![0; limbs];
    add_arctan(&mut sum, 16, 5, false);
    add_arctan(&mut sum, 4, 239, true);
    let mut text: Vec<u8> = b"3".to_vec();
    sum[1..].iter().for_each(|limb| text.extend(format!("{limb:09}").bytes()));
    let up = text[digits] >= b'5';
    text.truncate(digits);
    if up {
        let nines = text.iter().rev().take_while(|digit| **digit == b'9').count();
        let at = digits - nines;
        text[at..].fill(b'0');
        text[at - 1] += 1;
    }
    let shown = String::from_utf8_lossy(&text);
    if digits == 1 { shown.into_owned() } else { format!("{}.{}", &shown[..1], &shown[1..]) }
}

/// Adds `factor` times the arctangent of `1 / of`, or takes it away: the series of its odd powers.
fn add_arctan(sum: &mut [u64], factor: u64, of: u64, is_less: bool) {
    let mut power = vec![0; sum.len()];
    power[0] = factor;
    divide(&mut power, of);
    let (mut odd, mut is_less) = (1, is_less);
    while power.iter().any(|limb| *limb > 0) {
        let mut term = power.clone();
        divide(&mut term, odd);
        if is_less {
            subtract(sum, &term)
        } else {
            add(sum, &term)
        }
        divide(&mut power, of * of);
        (odd, is_less) = (odd + 2, !is_less);
    }
}

fn divide(number: &mut [u64], by: u64) {
    let mut rest = 0;
    for limb in number {
        let whole = rest * LIMB + *limb;
        (*limb, rest) = (whole / by, whole % by);
    }
}

fn add(sum: &mut [u64], term: &[u64]) {
    let mut carry = 0;
    for (limb, more) in sum.iter_mut().zip(term).rev() {
        let whole = *limb + more + carry;
        (*limb, carry) = (whole % LIMB, whole / LIMB);
    }
}

fn subtract(sum: &mut [u64], term: &[u64]) {
    let mut borrowed = 0;
    for (limb, less) in sum.iter_mut().zip(term).rev() {
        let whole = *limb + LIMB - less - borrowed;
        (*limb, borrowed) = (whole % LIMB, u64::from(whole < LIMB));
    }
}
