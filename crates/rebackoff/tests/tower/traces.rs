//! The events of the layer in `tracing`.

use std::fmt::Write as _;

use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, SubscriberExt as _};

use super::*;

#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Recorder {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields("event".to_owned());
        event.record(&mut fields);
        if fields.0.contains("sending") {
            self.0.lock().unwrap().push(fields.0);
        }
    }

    fn on_record(&self, _: &tracing::Id, values: &tracing::span::Record<'_>, _: Context<'_, S>) {
        let mut fields = Fields("span".to_owned());
        values.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }
}

#[tokio::test(start_paused = true)]
async fn tell_how_often_a_request_was_sent_again() {
    let recorder = Recorder::default();
    let subscriber = tracing_subscriber::registry().with(recorder.clone());
    let _here = tracing::subscriber::set_default(subscriber);
    let span = tracing::info_span!("fetch", http.request.resend_count = tracing::field::Empty);
    let layer = RetryLayer::http(&EACH_SECOND, Classifier::new());
    let down = service_fn(|_: Request<()>| ready(Err::<Response<()>, _>(())));
    let mut service = layer.layer(down);
    let request = service.ready().await.unwrap().call(Request::new(()));
    tracing::Instrument::instrument(request, span).await.unwrap_err();
    let expected = (1..=3).flat_map(|count| {
        [
            format!("span http.request.resend_count={count}"),
            format!(
                "event message=sending again http.request.method=\"GET\" \
                 http.request.resend_count={count}"
            ),
        ]
    });
    assert_eq!(*recorder.0.lock().unwrap(), expected.collect::<Vec<_>>());
}
