//! Answers and frames as bytes, right and wrong.

/// An HTTP answer whose length is told right.
pub(crate) fn answer(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut bytes =
        format!("HTTP/1.1 {status} x\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len())
            .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

pub(crate) fn json(status: u16, body: &str) -> Vec<u8> {
    answer(status, "content-type: application/json\r\n", body)
}

/// A page as a gateway sends it.
pub(crate) const PAGE: &str = "<!DOCTYPE html>\r\n<html><head><title>502 Bad Gateway</title></head>\
                               <body><center><h1>502 Bad Gateway</h1></center></body></html>";

/// `{"a":1}` as gzip, as zlib, and as the bare deflate of a compressing socket.
pub(crate) const GZIP: &[u8] =
    b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\x56\x4a\x54\xb2\x32\xac\x05\0\xaf\xac\x1b\x56\x07\0\0\0";
pub(crate) const ZLIB: &[u8] = b"\x78\x9c\xab\x56\x4a\x54\xb2\x32\xac\x05\0\x08\x2a\x02\x09";
pub(crate) const DEFLATE: &[u8] = b"\xaa\x56\x4a\x54\xb2\x32\xac\x05\0";

/// What a server that speaks TLS says to one that does not: an alert.
pub(crate) const TLS_ALERT: &[u8] = &[0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46];

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
/// A text of which more is to come.
pub(crate) const BEGUN: u8 = 0x01;
/// A text with the bit of a compressing socket.
pub(crate) const COMPRESSED: u8 = 0xc1;
const CLOSE: u8 = 0x88;

/// A frame of a server, with this first byte.
pub(crate) fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let mut bytes = head(first, payload.len());
    bytes.extend_from_slice(payload);
    bytes
}

/// The beginning of a frame that says to be so long.
pub(crate) fn head(first: u8, length: usize) -> Vec<u8> {
    match u16::try_from(length) {
        Ok(short @ ..=125) => vec![first, short.to_be_bytes()[1]],
        Ok(medium) => [&[first, 126][..], &medium.to_be_bytes()].concat(),
        Err(_) => [&[first, 127][..], &(length as u64).to_be_bytes()].concat(),
    }
}

pub(crate) fn close(code: u16, reason: &str) -> Vec<u8> {
    frame(CLOSE, [&code.to_be_bytes()[..], reason.as_bytes()].concat())
}

/// The first half of it.
pub(crate) fn half(payload: &[u8]) -> &[u8] {
    &payload[..payload.len() / 2]
}
