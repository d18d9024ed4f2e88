//! What a web server in front of an instance is told: to publish some paths of a port of loopback, and nothing else.
//!
//! What is left out is refused before anything is published, and what is neither is answered with 404. Who is to be asked
//! by the server itself stands in a file of users that the operator makes; without that file nothing is let through.

use crate::domain::{Fault, FaultKind, clean_line};
use std::{fmt, fmt::Write as _, str::FromStr};

/// The longest name of a host (RFC 1035, 2.3.4), and of a part of it.
const LONGEST: (usize, usize) = (253, 63);

/// A name under which something is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain(String);

impl Domain {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Domain {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let text = text.trim().to_ascii_lowercase();
        let is_part = |part: &str| {
            !part.is_empty()
                && part.len() <= LONGEST.1
                && !part.starts_with('-')
                && !part.ends_with('-')
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if text.len() <= LONGEST.0 && text.contains('.') && text.split('.').all(is_part) {
            return Ok(Self(text));
        }
        Err(Fault::new(
            FaultKind::BadInput,
            "That is no name of a host on the web; nothing was written.",
        )
        .hint("Write it without https:// and without a path, as policy.example.org."))
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Which web server is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Server {
    /// Caddy, which gets certificates by itself.
    #[default]
    Caddy,
    /// nginx.
    Nginx,
}

/// What is published.
#[derive(Debug, Clone)]
pub struct Published {
    /// Under which name.
    pub domain: Domain,
    /// What it is, for people.
    pub title: String,
    /// What it is called in the names of files: letters, digits and dashes.
    pub name: String,
    /// The port of loopback.
    pub port: u16,
    /// The paths, each with everything below it.
    pub paths: Vec<String>,
    /// The paths that are refused, each with everything below it, and why.
    pub refused: Vec<(String, String)>,
    /// The only methods; none where every method is let through.
    pub methods: Vec<String>,
    /// Whether the web server itself asks who comes.
    pub asks_who: bool,
}

impl Published {
    /// What the web server is told.
    #[must_use]
    pub fn fragment(&self, server: Server) -> String {
        let mut text = format!(
            "# {}, by Guildhall. Do not add paths: what is left out is left out for a reason.\n",
            clean_line(&self.title)
        );
        for (path, why) in &self.refused {
            let _ = writeln!(text, "#   left out: {path}  {}", clean_line(why));
        }
        text.push_str(&match server {
            Server::Caddy => self.caddy(),
            Server::Nginx => self.nginx(),
        });
        text
    }

    /// The file of users that the web server reads; none where it asks nobody.
    #[must_use]
    pub fn users(&self, server: Server) -> Option<String> {
        let folder = match server {
            Server::Caddy => "/etc/caddy",
            Server::Nginx => "/etc/nginx",
        };
        self.asks_who
            .then(|| format!("{folder}/guildhall-{}.users", self.name))
    }

    /// What is let through: what is published and does not lie below something refused.
    fn let_through(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str).filter(|path| {
            !self
                .refused
                .iter()
                .any(|(refused, _)| is_below(path, refused))
        })
    }

    fn caddy(&self) -> String {
        let mut text = format!("{} {{\n\troute {{\n", self.domain);
        let matcher = |name: &str, paths: &[&str]| {
            let words: Vec<String> = paths.iter().copied().flat_map(caddy_paths).collect();
            format!("\t\t@{name} path {}\n", words.join(" "))
        };
        let refused: Vec<&str> = self.refused.iter().map(|(path, _)| path.as_str()).collect();
        if !refused.is_empty() {
            text.push_str(&matcher("left_out", &refused));
            text.push_str("\t\trespond @left_out 404\n");
        }
        if !self.methods.is_empty() {
            let methods = self.methods.join(" ");
            let _ = write!(
                text,
                "\t\t@other_methods not method {methods}\n\t\trespond @other_methods 405\n"
            );
        }
        if let Some(users) = self.users(Server::Caddy) {
            // Newer ones call it basic_auth and still know this name.
            let _ = write!(text, "\t\tbasicauth {{\n\t\t\timport {users}\n\t\t}}\n");
        }
        let published: Vec<&str> = self.let_through().collect();
        if !published.is_empty() {
            text.push_str(&matcher("published", &published));
            let _ = writeln!(text, "\t\treverse_proxy @published 127.0.0.1:{}", self.port);
        }
        text.push_str("\t\trespond 404\n\t}\n}\n");
        text
    }

    fn nginx(&self) -> String {
        let domain = &self.domain;
        let mut text = format!(
            "server {{\n    listen 80;\n    listen [::]:80;\n    server_name {domain};\n    return 301 https://$host$request_uri;\n}}\n\
             server {{\n    listen 443 ssl;\n    listen [::]:443 ssl;\n    server_name {domain};\n    \
             # Where certbot puts them; name yours.\n    ssl_certificate /etc/letsencrypt/live/{domain}/fullchain.pem;\n    \
             ssl_certificate_key /etc/letsencrypt/live/{domain}/privkey.pem;\n"
        );
        for (path, _) in &self.refused {
            for place in nginx_locations(path) {
                let _ = writeln!(text, "    location {place} {{ return 404; }}");
            }
        }
        let mut whole = false;
        for path in self.let_through() {
            whole |= path == "/";
            for place in nginx_locations(path) {
                let _ = writeln!(text, "    location {place} {{");
                if !self.methods.is_empty() {
                    let methods = self.methods.join(" ");
                    let _ = writeln!(text, "        limit_except {methods} {{ deny all; }}");
                }
                if let Some(users) = self.users(Server::Nginx) {
                    let _ = write!(
                        text,
                        "        auth_basic \"{}\";\n        auth_basic_user_file {users};\n",
                        self.name
                    );
                }
                let _ = write!(
                    text,
                    "        proxy_pass http://127.0.0.1:{};\n        proxy_set_header Host $host;\n        \
                     proxy_set_header X-Forwarded-For $remote_addr;\n        proxy_set_header X-Forwarded-Proto https;\n    }}\n",
                    self.port
                );
            }
        }
        if !whole {
            text.push_str("    location / { return 404; }\n");
        }
        text.push_str("}\n");
        text
    }
}

/// Whether a path is another one or lies below it.
fn is_below(path: &str, above: &str) -> bool {
    let (path, above) = (path.trim_end_matches('/'), above.trim_end_matches('/'));
    path.strip_prefix(above)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn caddy_paths(path: &str) -> Vec<String> {
    match path.trim_end_matches('/') {
        "" => vec!["/*".to_owned()],
        path => vec![path.to_owned(), format!("{path}/*")],
    }
}

fn nginx_locations(path: &str) -> Vec<String> {
    match path.trim_end_matches('/') {
        "" => vec!["/".to_owned()],
        path => vec![format!("= {path}"), format!("^~ {path}/")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway() -> Published {
        Published {
            domain: "gateway.example.org".parse().unwrap(),
            title: "Gateway of Rosewood\nreverse_proxy evil".to_owned(),
            name: "rosewood-gateway".to_owned(),
            port: 18_400,
            paths: vec![
                "/auth/".to_owned(),
                "/hooks/".to_owned(),
                "/internal/keys/".to_owned(),
            ],
            refused: vec![
                (
                    "/internal/".to_owned(),
                    "it has no authentication".to_owned(),
                ),
                ("/hooks/chat".to_owned(), "no signing secret".to_owned()),
            ],
            methods: Vec::new(),
            asks_who: false,
        }
    }

    #[test]
    fn what_is_refused_wins_over_what_is_published_and_the_rest_is_not_there() {
        let published = gateway();
        let caddy = published.fragment(Server::Caddy);
        let refused = caddy.find("respond @left_out 404").unwrap();
        let proxied = caddy
            .find("reverse_proxy @published 127.0.0.1:18400")
            .unwrap();
        let rest = caddy.find("\t\trespond 404").unwrap();
        assert!(refused < proxied && proxied < rest, "{caddy}");
        assert!(caddy.contains("@left_out path /internal /internal/* /hooks/chat /hooks/chat/*"));
        assert!(
            caddy.contains("@published path /auth /auth/* /hooks /hooks/*\n"),
            "{caddy}"
        );
        let nginx = published.fragment(Server::Nginx);
        assert_eq!(nginx.matches("proxy_pass").count(), 4, "{nginx}");
        for refused in [
            "= /internal {",
            "^~ /internal/ {",
            "= /hooks/chat {",
            "/ { return 404",
        ] {
            assert!(nginx.contains(refused), "{refused}: {nginx}");
        }
        for text in [caddy, nginx] {
            assert!(
                text.starts_with("# ") && !text.contains("\nreverse_proxy"),
                "{text}"
            );
        }
    }

    #[test]
    fn methods_and_users_are_asked_before_anything_is_let_through() {
        let mut site = gateway();
        site.paths = vec!["/".to_owned()];
        site.methods = vec!["GET".to_owned(), "HEAD".to_owned()];
        site.asks_who = true;
        let caddy = site.fragment(Server::Caddy);
        let place = |text: &str| {
            caddy
                .find(text)
                .unwrap_or_else(|| panic!("{text}: {caddy}"))
        };
        assert!(place("not method GET HEAD") < place("reverse_proxy @published"));
        assert!(
            place("import /etc/caddy/guildhall-rosewood-gateway.users")
                < place("reverse_proxy @published")
        );
        let nginx = site.fragment(Server::Nginx);
        assert!(
            nginx.contains("limit_except GET HEAD { deny all; }"),
            "{nginx}"
        );
        assert!(
            nginx.contains("auth_basic_user_file /etc/nginx/guildhall-rosewood-gateway.users;")
        );
        assert!(!nginx.contains("location / { return 404; }"), "{nginx}");
    }

    #[test]
    fn only_names_of_hosts_are_taken() {
        for wrong in [
            "",
            "localhost",
            "https://a.example",
            "a.example/x",
            "a .example",
            "a.example;",
            "-a.example",
            "a..b",
        ] {
            assert!(wrong.parse::<Domain>().is_err(), "{wrong}");
        }
        assert_eq!(
            "Policy.Example.org".parse::<Domain>().unwrap().as_str(),
            "policy.example.org"
        );
    }
}
