//! The gateway asks for the device's tools, once.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Client;
use crate::xiaozhi::record::Event;
use crate::xiaozhi::{Rules, Xiaozhi};

fn tool(number: usize) -> Value {
    json!({"name": format!("self.tool_{number}"), "description": "", "inputSchema": {"type": "object"}})
}

fn answer(client: &mut Client, result: Value) -> Value {
    let request = client.wait("mcp")["payload"].clone();
    let payload = json!({"jsonrpc": "2.0", "id": request["id"], "result": result});
    client.say(&json!({"type": "mcp", "session_id": "", "payload": payload}));
    request
}

/// Introduces a device with these pages of tools, each from one number to before another; the requests that were made.
fn introduce(client: &mut Client, pages: &[(usize, usize)]) -> Vec<Value> {
    let mut requests = vec![answer(client, json!({"protocolVersion": "2024-11-05"}))];
    requests.push(client.wait("mcp")["payload"].clone());
    for (number, &(from, to)) in pages.iter().enumerate() {
        let mut result = json!({"tools": (from..to).map(tool).collect::<Vec<_>>()});
        if number + 1 < pages.len() {
            result["nextCursor"] = format!("self.tool_{to}").into();
        }
        requests.push(answer(client, result));
    }
    assert!(client.so_far().is_empty());
    requests
}

#[test]
fn it_introduces_itself_and_asks_for_all_pages() {
    let server = Xiaozhi::start(Rules::default());
    let mut client = Client::login(&server);
    let requests = introduce(&mut client, &[(0, 3), (3, 5)]);
    let methods: Vec<&str> = requests.iter().map(|request| request["method"].as_str().unwrap()).collect();
    assert_eq!(methods, ["initialize", "notifications/initialized", "tools/list", "tools/list"]);
    let ids: Vec<Option<u64>> = requests.iter().map(|request| request["id"].as_u64()).collect();
    assert_eq!(ids, [Some(10_000), None, Some(10_001), Some(10_002)]);
    assert_eq!((&requests[2]["params"], &requests[3]["params"]), (&json!({}), &json!({"cursor": "self.tool_3"})));
    assert_eq!(server.tools(), (0..5).map(tool).collect::<Vec<_>>());
}

#[test]
fn a_page_that_would_make_more_than_32_is_dropped_whole() {
    let server = Xiaozhi::start(Rules::default());
    let mut client = Client::login(&server);
    introduce(&mut client, &[(0, 30), (30, 33)]);
    assert_eq!(server.tools().len(), 30);
    client = Client::login(&server);
    introduce(&mut client, &[(0, 30), (30, 32)]);
    assert_eq!(server.tools().len(), 32);
}

#[test]
fn who_does_not_answer_in_time_has_no_tools() {
    let server = Xiaozhi::start(Rules { tools_within: Duration::from_millis(50), ..Rules::default() });
    let mut client = Client::login(&server);
    let request = client.wait("mcp")["payload"].clone();
    server.wait_event("the end of its patience", |event| matches!(event, Event::Unanswered(10_000)).then_some(()));
    // Too late: by now it is an answer to nothing, and without a session that is answered with goodbye.
    let payload = json!({"jsonrpc": "2.0", "id": request["id"], "result": {}});
    client.say(&json!({"type": "mcp", "session_id": "", "payload": payload}));
    assert_eq!(client.wait("goodbye")["session_id"], "");
    assert_eq!(server.tools(), Vec::<Value>::new());
}

#[test]
fn somebody_can_call_a_tool_of_an_idle_device() {
    let server = Xiaozhi::start(Rules::default());
    let mut client = Client::login(&server);
    introduce(&mut client, &[(0, 1)]);
    let device = std::thread::spawn(move || {
        let called = answer(&mut client, json!({"content": [{"type": "text", "text": "true"}], "isError": false}));
        assert_eq!((&called["method"], &called["params"]["name"]), (&json!("tools/call"), &json!("self.tool_0")));
        let request = client.wait("mcp")["payload"].clone();
        let payload = json!({"jsonrpc": "2.0", "id": request["id"], "error": {"message": "no such tool"}});
        client.say(&json!({"type": "mcp", "session_id": "", "payload": payload}));
        client
    });
    let result = server.manage("tools/call", json!({"name": "self.tool_0", "arguments": {}}));
    assert_eq!(result.unwrap()["content"][0]["text"], "true");
    assert_eq!(server.manage("tools/call", json!({"name": "x"})), Err("no such tool".into()));
    assert!(device.join().unwrap().so_far().is_empty(), "no goodbye for an answer that was asked for");
}

#[test]
fn the_chat_server_gets_the_tools_from_the_gateway_and_the_introduction_from_the_device() {
    let server = Xiaozhi::start(Rules::default());
    let mut client = Client::login(&server);
    introduce(&mut client, &[(0, 2)]);
    client.hello_with(json!({"mcp": true}));
    let request = answer(&mut client, json!({"protocolVersion": "2024-11-05"}));
    assert_eq!((&request["method"], &request["id"]), (&json!("initialize"), &json!(1)));
    assert!(client.so_far().is_empty(), "the chat server's own request for tools does not reach the device");
}
