//! A connection that is kept open, with as little work of its own as can be.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

pub(crate) struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Answer {
    /// The body of an answer that must be a success.
    pub(crate) fn expect_success(self) -> Vec<u8> {
        assert!(
            (200..300).contains(&self.status),
            "{}: {}",
            self.status,
            String::from_utf8_lossy(&self.body)
        );
        self.body
    }
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream: BufReader::with_capacity(256 * 1024, stream),
        }
    }

    pub(crate) fn send(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let status = self
            .line()
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .expect("a status line");
        let (mut length, mut is_chunked) = (0, false);
        loop {
            let header = self.line().to_lowercase();
            match header.split_once(':') {
                None => break,
                Some(("content-length", value)) => length = value.trim().parse().unwrap(),
                Some(("transfer-encoding", value)) => is_chunked = value.trim() == "chunked",
                Some(_) => {}
            }
        }
        let mut body = Vec::new();
        if is_chunked {
            loop {
                let size = usize::from_str_radix(self.line().trim(), 16).unwrap();
                self.read(size, &mut body);
                self.line();
                if size == 0 {
                    break;
                }
            }
        } else {
            self.read(length, &mut body);
        }
        Answer { status, body }
    }

    pub(crate) fn get(&mut self, path: &str) -> Value {
        serde_json::from_slice(&self.send("GET", path, "").expect_success()).unwrap()
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Value {
        serde_json::from_slice(&self.send("POST", path, &body.to_string()).expect_success()).unwrap()
    }

    fn read(&mut self, size: usize, body: &mut Vec<u8>) {
        let read = self.stream.by_ref().take(size as u64).read_to_end(body).unwrap();
        assert_eq!(read, size, "the answer was cut off");
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}
