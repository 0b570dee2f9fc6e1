#![allow(clippy::unwrap_used)]

use serde_json::Value;

use super::super::tool::{Argument, Kind};
use super::*;

fn tool(name: &str, description: &str) -> Tool {
    let level = Argument {
        name: "level".into(),
        description: String::new(),
        kind: Kind::Integer { min: 0, max: 9 },
        optional: false,
    };
    Tool { name: name.into(), description: description.into(), arguments: vec![level], user_only: false }
}

fn server() -> Server {
    let secret = Tool { user_only: true, ..tool("secret", "for people") };
    Server::new("pi", "0.1.0", vec![tool("lamp", "a lamp"), secret, tool("fan", "a fan")]).unwrap()
}

/// The answer's payload.
fn ask(server: &Server, payload: &str) -> Value {
    let Served::Answer(message) = server.serve("s", payload) else { panic!("no answer to {payload}") };
    let mut message: Value = serde_json::from_slice(&message).unwrap();
    assert_eq!((&message["session_id"], &message["type"]), (&json!("s"), &json!("mcp")));
    message["payload"].take()
}

fn error(payload: &str) -> (i64, String) {
    let answer = ask(&server(), payload);
    (answer["error"]["code"].as_i64().unwrap(), answer["error"]["message"].as_str().unwrap().into())
}

#[test]
fn initialize_tells_who_is_there() {
    let request =
        r#"{"jsonrpc":"2.0","id":10000,"method":"initialize","params":{"capabilities":{"vision":{"url":"x"}}}}"#;
    let wanted = json!({"jsonrpc": "2.0", "id": 10000, "result": {
        "protocolVersion": "2024-11-05", "capabilities": {"tools": {}}, "serverInfo": {"name": "pi", "version": "0.1.0"},
    }});
    assert_eq!(ask(&server(), request), wanted);
    assert_eq!(ask(&server(), r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)["result"], json!({}));
}

#[test]
fn what_wants_no_answer_gets_none() {
    for payload in [
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"notifications/cancelled"}"#,
        r#"{"jsonrpc":"2.0","method":"tools/list"}"#,
        r#"{"jsonrpc":"2.0","id":"1","method":"tools/list"}"#,
        r#"{"jsonrpc":"2.0","id":null,"method":"tools/list"}"#,
        r#"{"jsonrpc":"1.0","id":1,"method":"tools/list"}"#,
        r#"{"id":1,"method":"tools/list"}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        "[]",
    ] {
        assert!(matches!(server().serve("s", payload), Served::Nothing(_)), "{payload}");
    }
}

#[test]
fn tools_for_people_are_listed_only_when_asked_for() {
    let names = |params: &str| {
        let answer = ask(&server(), &format!(r#"{{"jsonrpc":"2.0","id":2,"method":"tools/list"{params}}}"#));
        assert!(answer["result"].get("nextCursor").is_none());
        let tools = answer["result"]["tools"].as_array().unwrap().clone();
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(""), ["lamp", "fan"]);
    assert_eq!(names(r#","params":{"withUserTools":false,"cursor":""}"#), ["lamp", "fan"]);
    assert_eq!(names(r#","params":{"withUserTools":"yes","cursor":7}"#), ["lamp", "fan"]);
    assert_eq!(names(r#","params":null"#), ["lamp", "fan"]);
    assert_eq!(names(r#","params":{"withUserTools":true}"#), ["lamp", "secret", "fan"]);
    assert_eq!(names(r#","params":{"cursor":"fan"}"#), ["fan"]);
}

#[test]
fn a_list_comes_in_pages_that_fit_into_a_message_and_leave_nothing_out() {
    for size in [10, 500, 1_990, 2_600, 5_700] {
        let tools: Vec<Tool> = (0..32).map(|n| tool(&format!("self.tool_{n}"), &"é".repeat(size / 2))).collect();
        let server = Server::new("pi", "0.1.0", tools).unwrap();
        let (mut found, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        let id = "\"".repeat(crate::protocol::xiaozhi::message::SESSION_ID_LIMIT);
        loop {
            let params = format!(r#"{{"cursor":"{cursor}"}}"#);
            let request = format!(r#"{{"jsonrpc":"2.0","id":10001,"method":"tools/list","params":{params}}}"#);
            let Served::Answer(message) = server.serve(&id, &request) else { panic!("no page") };
            assert!(message.len() <= MESSAGE_LIMIT, "{} bytes", message.len());
            pages += 1;
            let message: Value = serde_json::from_slice(&message).unwrap();
            let page = &message["payload"]["result"];
            let names = page["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned());
            found.extend(names);
            let Some(next) = page["nextCursor"].as_str() else { break };
            next.clone_into(&mut cursor);
        }
        assert_eq!(found, (0..32).map(|n| format!("self.tool_{n}")).collect::<Vec<_>>());
        assert!((pages == 32) == (size == 5_700) && pages >= 32 * size / MESSAGE_LIMIT, "{pages} pages of {size}");
    }
}

#[test]
fn no_page_is_a_byte_too_long() {
    let request = r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#;
    let lengths = (7_300..7_450).map(|size| {
        let tools = (0..4).map(|n| tool(&format!("tool_{n}"), &"x".repeat((size + n) / 3))).collect();
        let Served::Answer(message) = Server::new("pi", "1", tools).unwrap().serve("s", request) else {
            panic!("no page")
        };
        message.len()
    });
    // Three tools grow byte by byte until only two fit.
    let longest = lengths.max().unwrap();
    assert_eq!(longest, MESSAGE_LIMIT);
}

#[test]
fn a_page_that_there_is_not_is_refused() {
    let why = "there is no page that begins with `hen`";
    assert_eq!(
        error(r#"{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{"cursor":"hen"}}"#),
        (-32_602, why.into())
    );
    // One that is only for people.
    assert_eq!(error(r#"{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{"cursor":"secret"}}"#).0, -32_602);
}

#[test]
fn a_call_comes_out_with_its_arguments_also_of_a_tool_for_people() {
    for name in ["lamp", "secret"] {
        let request = format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"{name}","arguments":{{"level":9}}}}}}"#
        );
        let Served::Call(call) = server().serve("s", &request) else { panic!("no call") };
        assert_eq!((call.tool.as_str(), Value::from(call.arguments.clone())), (name, json!({"level": 9})));
        let answer: Value = serde_json::from_slice(&call.answer("s", Ok("true"))).unwrap();
        assert_eq!(answer["payload"]["id"], 7);
    }
}

#[test]
fn a_wrong_call_is_answered_with_the_code_of_what_is_wrong() {
    let call = |params: &str| error(&format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{params}}}"#));
    for (params, code, why) in [
        (r#"{"name":"hen"}"#, -32_601, "there is no tool `hen`"),
        (r#"{"name":7}"#, -32_602, "`name` must be the name of a tool"),
        ("{}", -32_602, "`name` must be the name of a tool"),
        ("[1]", -32_602, "`params` must be an object"),
        (r#"{"name":"lamp","arguments":"x"}"#, -32_602, "`arguments` must be an object"),
        (r#"{"name":"lamp"}"#, -32_602, "the argument `level` is missing"),
        (
            r#"{"name":"lamp","arguments":{"level":10}}"#,
            -32_602,
            "the argument `level` must be a whole number from 0 to 9",
        ),
    ] {
        assert_eq!(call(params), (code, why.into()), "{params}");
    }
    let method = error(r#"{"jsonrpc":"2.0","id":1,"method":"resources/list"}"#);
    assert_eq!(method, (-32_601, "there is no method `resources/list`".into()));
}

#[test]
fn an_id_comes_back_unchanged() {
    for id in ["1", "-3", "1.50", "1e3", "123456789012345678901"] {
        let request = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
        let Served::Answer(message) = server().serve("", &request) else { panic!("no answer") };
        let wanted =
            format!(r#"{{"session_id":"","type":"mcp","payload":{{"jsonrpc":"2.0","id":{id},"result":{{}}}}}}"#);
        assert_eq!(String::from_utf8(message).unwrap(), wanted);
    }
}

#[test]
fn tools_that_servers_would_not_take_are_refused_at_once() {
    assert!(matches!(Server::new("pi", "1", vec![tool("a b", "")]), Err(ToolError::Name(_))));
}
