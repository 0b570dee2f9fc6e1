//! The MQTT connection against a real mosquitto.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/broker.rs"]
mod broker;
mod device;

mod broker_gone;
mod exit;
mod gateway;
mod messages;
mod nothing_late;
mod refusal;
mod tls;
mod trial;
mod twins;
