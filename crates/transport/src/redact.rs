//! Addresses that may be shown.

/// The address without what may be secret: user information, query, fragment, and path segments as long as a key.
///
/// ```
/// use plimsoll_transport::redacted;
/// assert_eq!(redacted("https://venue.example/v1/order?symbol=X&signature=ab12"), "https://venue.example/v1/order?…");
/// assert_eq!(redacted("wss://key:secret@venue.example/ws"), "wss://venue.example/ws");
/// ```
#[must_use]
pub fn redacted(address: &str) -> String {
    let (scheme, rest) = match address.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), address),
    };
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let (place, hidden) = rest.split_at(end);
    let (authority, path) = place.split_at(place.find('/').unwrap_or(place.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let path: Vec<&str> = path.split('/').map(|segment| if segment.len() >= KEY { "…" } else { segment }).collect();
    format!("{scheme}{host}{}{}", path.join("/"), if hidden.is_empty() { "" } else { "?…" })
}

/// Path segments from this length are taken for keys: listen keys and tokens are 32 characters and more.
const KEY: usize = 32;

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn nothing_secret_is_shown() {
        for (address, shown) in [
            ("http://127.0.0.1:8080/v1/order?signature=ff", "http://127.0.0.1:8080/v1/order?…"),
            ("wss://host/private/ws/pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a", "wss://host/private/ws/…"),
            ("https://user:password@host", "https://host"),
            ("https://host/path#token", "https://host/path?…"),
            ("host:1/path", "host:1/path"),
            ("", ""),
        ] {
            assert_eq!(redacted(address), shown);
        }
    }
}
