use rebackoff::on_error;

fn send(body: String) -> Result<(), String> {
    Err(body)
}

#[on_error(expo)]
fn moves_an_argument(body: String) -> Result<(), String> {
    send(body)
}

#[on_error(expo)]
async fn moves_an_argument_later(body: String) -> Result<(), String> {
    send(body)
}

#[on_error(expo)]
fn gives_another_type() -> Result<u32, String> {
    "text"
}

#[on_error(expo)]
async fn gives_another_type_later() -> Result<u32, String> {
    "text"
}

fn main() {}
