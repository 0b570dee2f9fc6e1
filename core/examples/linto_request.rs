//! How long it takes to make the LinTO request of a 10 s utterance, 20 ms at a time. Prints microseconds as JSON.

use std::time::Instant;

use auricle_core::protocol::linto::request::FileRequest;

fn main() {
    // Noise, so that no byte is easier than another.
    let mut seed = 1u32;
    let mut noise = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) as i16
    };
    let sound: Vec<i16> = (0..160_000).map(|_| noise()).collect();
    let mut whole = Vec::new();
    let mut ending = Vec::new();
    let mut bytes = 0;
    for _ in 0..200 {
        let start = Instant::now();
        let mut request = FileRequest::new(&serde_json::json!({}));
        for period in sound.chunks(320) {
            request.push(period);
        }
        let end_of_speech = Instant::now();
        bytes = request.finish().len();
        whole.push(start.elapsed().as_micros());
        ending.push(end_of_speech.elapsed().as_micros());
    }
    let percentile = |times: &mut Vec<u128>, percent: usize| {
        times.sort_unstable();
        times[(times.len() - 1) * percent / 100]
    };
    println!(
        r#"{{"bytes":{bytes},"p50_us":{},"p95_us":{},"finish_p50_us":{},"finish_p95_us":{}}}"#,
        percentile(&mut whole, 50),
        percentile(&mut whole, 95),
        percentile(&mut ending, 50),
        percentile(&mut ending, 95),
    );
}
