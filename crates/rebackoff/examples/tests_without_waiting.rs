//! Tests of a call: its waits are skipped; its metrics and its events are read.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use rebackoff::{Metrics, Trace, prelude::*, testing};
use tracing::{Event as Traced, Subscriber, field::Field};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

static FETCH: Policy = policy!(expo(max_value = secs(30)), max_tries = 3);

/// The code under test.
fn fetch(service: impl FnMut() -> Result<u32, &'static str>) -> Result<u32, &'static str> {
    FETCH.retry(service).hook(Metrics::of("fetch")).hook(Trace::of("fetch")).call()
}

fn the_third_try_succeeds() {
    let mut answers = [Err("busy"), Err("busy"), Ok(7)].into_iter();
    assert_eq!(fetch(|| answers.next().unwrap()), Ok(7));
}

fn each_try_is_counted() {
    let recorder = DebuggingRecorder::new();
    let _ = metrics::with_local_recorder(&recorder, || fetch(|| Err("down")));
    let counted = recorder.snapshotter().snapshot().into_vec();
    let tries = counted.iter().find(|(key, ..)| key.key().name() == "rebackoff.tries");
    assert_eq!(tries.map(|(.., value)| value), Some(&DebugValue::Counter(3)));
}

/// Writes the fields of each event as a line.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<String>>);

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Traced<'_>, _: Context<'_, S>) {
        let mut lines = self.0.lock().unwrap();
        event.record(&mut |field: &Field, value: &dyn Debug| {
            let _ = write!(lines, "{field}={value:?} ");
        });
        lines.push('\n');
    }
}

fn the_last_event_names_call_error_and_reason() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::registry().with(lines.clone());
    let _ = tracing::subscriber::with_default(subscriber, || fetch(|| Err("down")));
    let lines = lines.0.lock().unwrap();
    assert!(lines.contains(r#"message=giving up call="fetch" error=down tries=3"#), "{lines}");
    assert!(lines.contains(r#"reason="max_tries""#), "{lines}");
}

fn main() {
    let _no_wait = testing::no_wait(); // in each test of your own
    the_third_try_succeeds();
    each_try_is_counted();
    the_last_event_names_call_error_and_reason();
}
