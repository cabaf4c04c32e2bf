//! A client, whose policy comes from a TOML file and the environment; its clones go into tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use rebackoff::prelude::*;
use rebackoff::{SettingError, Settings, from_env};

/// The program's file: the table `orders` changes single parameters of that policy.
#[derive(serde::Deserialize)]
struct Config {
    orders: Settings,
}

/// A policy is small plain data: each clone of the client has a copy.
#[derive(Clone)]
struct Client {
    orders: Policy,
    shop: Arc<Shop>,
}

impl Client {
    /// A variable such as `REBACKOFF_ORDERS_MAX_TRIES` overrides the file, and the file the program.
    fn new(config: &Config, shop: Arc<Shop>) -> Result<Self, SettingError> {
        let built_in = policy!(expo(max_value = secs(30)), max_tries = 2);
        let orders = from_env("orders", &config.orders.over(&built_in)?)?;
        Ok(Self { orders, shop })
    }

    async fn order(&self) -> Result<u32, &'static str> {
        self.orders.retry_async(|| self.shop.order()).await
    }
}

/// A scripted service: busy for the first six orders.
#[derive(Default)]
struct Shop(AtomicU32);

impl Shop {
    async fn order(&self) -> Result<u32, &'static str> {
        tokio::task::yield_now().await; // a client would send a request
        let number = self.0.fetch_add(1, Relaxed);
        if number < 6 { Err("busy") } else { Ok(number) }
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)] // virtual time
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = toml::from_str("[orders]\nmax_tries = 8\nmax_value = '10s'")?;
    let client = Client::new(&config, Arc::default())?;
    println!("orders: {}", client.orders);
    let order = |client: Client| tokio::spawn(async move { client.order().await });
    for task in [(); 3].map(|()| order(client.clone())) {
        assert!(task.await?.is_ok());
    }
    let misspelt = toml::from_str("[orders]\nmax_trys = 8")?;
    assert!(Client::new(&misspelt, Arc::default()).is_err());
    Ok(())
}
