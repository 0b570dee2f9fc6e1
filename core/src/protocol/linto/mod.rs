//! LinTO: topics, status, requests and answers as running servers use them.

pub mod request;
