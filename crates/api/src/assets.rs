//! The dashboard's files, from within the program.

use crate::problem::Problem;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, Response, StatusCode, header};
use axum::response::IntoResponse;
use rust_embed::{EmbeddedFile, RustEmbed};
use std::fmt::Write;

#[derive(RustEmbed)]
#[folder = "dashboard/dist"]
struct Dist;

/// The page that every path without a file is.
const PAGE: &str = "index.html";

/// Answers a path that is none of the API's.
pub(crate) async fn asset(request: Request) -> Response<Body> {
    let path = request.uri().path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") {
        return Problem::not_found().into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "files are only read")
            .into_response();
    }
    let path = if path.is_empty() { PAGE } else { path };
    let known = request.headers().get(header::IF_NONE_MATCH);
    match (Dist::get(path), has_extension(path)) {
        (Some(file), _) => served(path, &file, known),
        (None, true) => Problem::not_found().into_response(),
        // A path of the page itself: it finds out by itself which.
        (None, false) => match Dist::get(PAGE) {
            Some(page) => served(PAGE, &page, known),
            None => Problem::not_found().into_response(),
        },
    }
}

fn served(path: &str, file: &EmbeddedFile, known: Option<&HeaderValue>) -> Response<Body> {
    let mut tag = String::from("\"");
    for byte in file.metadata.sha256_hash().iter().take(16) {
        // Writing to a string cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    let is_known =
        known.and_then(|known| known.to_str().ok()).is_some_and(|known| known.split(", ").any(|it| it == tag));
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Response::new(Body::from(file.data.clone().into_owned())),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(path)));
    let caching = if is_hashed(path) { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn has_extension(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.contains('.'))
}

/// `assets/index-B3xK9d2q.js`: whose content changes has another name.
fn is_hashed(path: &str) -> bool {
    let Some(name) = path.strip_prefix("assets/") else { return false };
    let stem = name.split('.').next().unwrap_or_default();
    let is_letter = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '-';
    stem.split_once('-').is_some_and(|(_, hash)| hash.len() >= 8 && hash.chars().all(is_letter))
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_a_hash_in_its_name_is_kept_for_ever() {
        for (path, expected) in [
            ("assets/index-B3xK9d2q.js", true),
            ("assets/inter-latin-B3xK9d2q_-.woff2", true),
            ("assets/index-short.js", false),
            ("assets/index.js", false),
            ("index-B3xK9d2q.html", false),
            ("index.html", false),
        ] {
            assert_eq!(is_hashed(path), expected, "{path}");
        }
    }

    #[test]
    fn the_page_is_there_and_asks_for_nothing_inline() {
        let page = Dist::get(PAGE).unwrap();
        let page = std::str::from_utf8(&page.data).unwrap();
        assert!(!page.contains("<style") && !page.contains("style=") && !page.contains(" onclick="), "{page}");
    }
}
