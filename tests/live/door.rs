//! A TCP door in front of a broker: whoever goes through it can be thrown out.

use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Leads to a port of 127.0.0.1.
pub struct Door {
    port: u16,
    through: Arc<Mutex<Vec<TcpStream>>>,
}

impl Door {
    /// Open, until the process ends.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let door = Self { port: listener.local_addr().unwrap().port(), through: Arc::default() };
        let through = Arc::clone(&door.through);
        std::thread::spawn(move || {
            for visitor in listener.incoming().map_while(Result::ok) {
                let Ok(broker) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                through.lock().unwrap().extend([visitor.try_clone().unwrap(), broker.try_clone().unwrap()]);
                carry(visitor.try_clone().unwrap(), broker.try_clone().unwrap());
                carry(broker, visitor);
            }
        });
        door
    }

    /// Where to knock.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Throws everybody out. They may come back at once.
    pub fn clear(&self) {
        for stream in self.through.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
}
