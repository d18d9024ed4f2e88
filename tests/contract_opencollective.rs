//! Every field, argument and type in the documents of the Open Collective adapter, checked against the platform's own schema.
//!
//! The schema (31,581 lines of SDL) is not in this repository: without it this says so and passes. The reader below
//! understands as much of SDL and of documents as these files use.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

use guildhall::adapters::opencollective::documents;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Sign(char),
    Spread,
    /// A value, or a description on one line.
    Text,
}

/// Words, signs and spreads; descriptions, comments and commas are left out.
fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("\"\"\"") {
            rest = &after[after.find("\"\"\"").unwrap() + 3..];
        } else if let Some(after) = rest.strip_prefix('"') {
            found.push(Token::Text);
            rest = &after[after.find('"').unwrap() + 1..];
        } else if first == '#' {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
        } else if let Some(after) = rest.strip_prefix("...") {
            found.push(Token::Spread);
            rest = after;
        } else if first.is_alphanumeric() || first == '_' || first == '-' {
            let end = rest
                .find(|c: char| !(c.is_alphanumeric() || "_-".contains(c)))
                .unwrap_or(rest.len());
            found.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        } else {
            if !first.is_whitespace() && first != ',' {
                found.push(Token::Sign(first));
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

/// Reads tokens one by one.
struct Reader {
    tokens: Vec<Token>,
    place: usize,
}

impl Reader {
    fn of(text: &str) -> Self {
        Self {
            tokens: tokens(text),
            place: 0,
        }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.place)
    }

    fn next(&mut self) -> Token {
        self.place += 1;
        self.tokens[self.place - 1].clone()
    }

    fn word(&mut self) -> String {
        while self.peek() == Some(&Token::Text) {
            self.next();
        }
        match self.next() {
            Token::Word(word) => word,
            other => panic!("{other:?} where a name was expected"),
        }
    }

    fn takes(&mut self, sign: char) -> bool {
        let takes = self.peek() == Some(&Token::Sign(sign));
        self.place += usize::from(takes);
        takes
    }

    /// A type reference, written without spaces.
    fn reference(&mut self) -> String {
        let mut text = if self.takes('[') {
            let inner = self.reference();
            assert!(self.takes(']'));
            format!("[{inner}]")
        } else {
            self.word()
        };
        if self.takes('!') {
            text.push('!');
        }
        text
    }

    /// Skips one value: a word, a variable, a list or an object.
    fn value(&mut self) -> Option<String> {
        if self.takes('$') {
            return Some(self.word());
        }
        match self.next() {
            Token::Sign(open @ ('[' | '{')) => {
                let close = if open == '[' { ']' } else { '}' };
                while !self.takes(close) {
                    if self.takes(':') {
                        continue;
                    }
                    self.value();
                }
            }
            Token::Word(_) | Token::Text => {}
            other => panic!("{other:?} where a value was expected"),
        }
        None
    }
}

#[derive(Debug, Default, Clone)]
struct Field {
    gives: String,
    arguments: BTreeMap<String, (String, bool)>,
}

#[derive(Debug, Default)]
struct Schema {
    fields: BTreeMap<String, BTreeMap<String, Field>>,
    /// Which interfaces a type has, and which types an interface or union has.
    kin: BTreeSet<(String, String)>,
    names: BTreeSet<String>,
}

impl Schema {
    fn read(text: &str) -> Self {
        let mut reader = Reader::of(text);
        let mut schema = Self::default();
        while reader.peek().is_some() {
            let Token::Word(kind) = reader.next() else {
                continue;
            };
            if !["type", "interface", "input", "enum", "scalar", "union"].contains(&kind.as_str()) {
                continue;
            }
            let name = reader.word();
            schema.names.insert(name.clone());
            if matches!(kind.as_str(), "enum" | "scalar" | "union") {
                continue;
            }
            while !reader.takes('{') {
                if let Token::Word(interface) = reader.next()
                    && interface != "implements"
                {
                    schema.kin.insert((name.clone(), interface));
                }
            }
            let fields = schema.fields.entry(name).or_default();
            while !reader.takes('}') {
                if reader.takes('@') {
                    reader.word();
                    if reader.takes('(') {
                        while !reader.takes(')') {
                            reader.next();
                        }
                    }
                    continue;
                }
                let field = reader.word();
                let mut arguments = BTreeMap::new();
                if reader.takes('(') {
                    while !reader.takes(')') {
                        let argument = reader.word();
                        assert!(reader.takes(':'));
                        let of = reader.reference();
                        let has_default = reader.takes('=');
                        if has_default {
                            reader.value();
                        }
                        skip_directive(&mut reader);
                        arguments.insert(argument, (of, has_default));
                    }
                }
                assert!(reader.takes(':'), "{field}");
                let gives = reader.reference();
                if reader.takes('=') {
                    reader.value();
                }
                fields.insert(field, Field { gives, arguments });
            }
        }
        schema
    }
}

fn skip_directive(reader: &mut Reader) {
    while reader.takes('@') {
        reader.word();
        if reader.takes('(') {
            while !reader.takes(')') {
                reader.next();
            }
        }
    }
}

fn bare(reference: &str) -> &str {
    reference.trim_matches(['[', ']', '!'])
}

/// Checks one document, and says what is wrong with it.
struct Check<'a> {
    schema: &'a Schema,
    fragments: BTreeSet<String>,
    spread: BTreeSet<String>,
    variables: BTreeMap<String, String>,
    used: BTreeSet<String>,
    wrong: Vec<String>,
}

impl Check<'_> {
    fn document(&mut self, text: &str) {
        let mut reader = Reader::of(text);
        while reader.peek().is_some() {
            let kind = reader.word();
            let name = reader.word();
            let root = match kind.as_str() {
                "query" => "Query".to_owned(),
                "mutation" => "Mutation".to_owned(),
                "fragment" => {
                    assert_eq!(reader.word(), "on");
                    self.fragments.insert(name);
                    reader.word()
                }
                other => panic!("{other}"),
            };
            if reader.takes('(') {
                while !reader.takes(')') {
                    assert!(reader.takes('$'));
                    let variable = reader.word();
                    assert!(reader.takes(':'));
                    let of = reader.reference();
                    if !self.schema.names.contains(bare(&of))
                        && !["String", "Int"].contains(&bare(&of))
                    {
                        self.wrong.push(format!("there is no type {of}"));
                    }
                    self.variables.insert(variable, of);
                }
            }
            self.selection(&mut reader, &root);
        }
        for fragment in self.spread.difference(&self.fragments) {
            self.wrong.push(format!("there is no fragment {fragment}"));
        }
        for variable in self
            .variables
            .keys()
            .filter(|name| !self.used.contains(*name))
        {
            self.wrong.push(format!("${variable} is not used"));
        }
    }

    fn selection(&mut self, reader: &mut Reader, on: &str) {
        assert!(reader.takes('{'), "a selection on {on}");
        while !reader.takes('}') {
            if reader.peek() == Some(&Token::Spread) {
                reader.next();
                let name = reader.word();
                if name == "on" {
                    let inner = reader.word();
                    let kin = self.schema.kin.contains(&(inner.clone(), on.to_owned()));
                    if !kin && inner != on {
                        self.wrong.push(format!("{inner} is no {on}"));
                    }
                    self.selection(reader, &inner);
                } else {
                    self.spread.insert(name);
                }
                continue;
            }
            let mut name = reader.word();
            if reader.takes(':') {
                name = reader.word();
            }
            let field = self
                .schema
                .fields
                .get(on)
                .and_then(|fields| fields.get(&name));
            let Some(field) = field.cloned() else {
                self.wrong.push(format!("{on} has no field {name}"));
                // Only what the field itself is made of is skipped.
                if reader.takes('(') {
                    while !reader.takes(')') {
                        reader.next();
                    }
                }
                if reader.peek() == Some(&Token::Sign('{')) {
                    reader.value();
                }
                continue;
            };
            self.arguments(reader, on, &name, &field);
            if reader.peek() == Some(&Token::Sign('{')) {
                self.selection(reader, bare(&field.gives));
            } else if self.schema.fields.contains_key(bare(&field.gives)) {
                self.wrong.push(format!("{on}.{name} needs a selection"));
            }
        }
    }

    fn arguments(&mut self, reader: &mut Reader, on: &str, name: &str, field: &Field) {
        let mut given = BTreeSet::new();
        if reader.takes('(') {
            while !reader.takes(')') {
                let argument = reader.word();
                assert!(reader.takes(':'));
                let variable = reader.value();
                let Some((of, _)) = field.arguments.get(&argument) else {
                    self.wrong
                        .push(format!("{on}.{name} has no argument {argument}"));
                    continue;
                };
                if let Some(variable) = variable {
                    let declared = self.variables.get(&variable).cloned().unwrap_or_default();
                    if declared != *of && declared != format!("{of}!") {
                        self.wrong.push(format!(
                            "${variable} is {declared} and {on}.{name} takes {of}"
                        ));
                    }
                    self.used.insert(variable);
                }
                given.insert(argument);
            }
        }
        for (argument, (of, has_default)) in &field.arguments {
            if of.ends_with('!') && !has_default && !given.contains(argument) {
                self.wrong.push(format!("{on}.{name} needs {argument}"));
            }
        }
    }
}

fn schema() -> Option<Schema> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("../shared/specs/opencollective.schemaV2.graphql");
    let Ok(text) = std::fs::read_to_string(path) else {
        // Standard output is the only place where a skipped test can be noticed.
        use std::io::Write as _;
        let _ = writeln!(
            std::io::stdout(),
            "skipped: ../shared/specs/opencollective.schemaV2.graphql is not there"
        );
        return None;
    };
    Some(Schema::read(&text))
}

fn wrong(schema: &Schema, text: &str) -> Vec<String> {
    let mut check = Check {
        schema,
        fragments: BTreeSet::new(),
        spread: BTreeSet::new(),
        variables: BTreeMap::new(),
        used: BTreeSet::new(),
        wrong: Vec::new(),
    };
    check.document(text);
    check.wrong
}

#[test]
fn every_document_fits_the_schema() {
    let Some(schema) = schema() else {
        return;
    };
    for document in documents::ALL {
        let wrong = wrong(&schema, document.text);
        assert!(wrong.is_empty(), "{}: {wrong:?}", document.name);
        assert!(document.text.contains(document.name), "it is named");
        assert!(tokens(document.text).len() < 1500, "{}", document.name);
    }
    let most = documents::observe(documents::MOST_OBSERVED);
    assert_eq!(wrong(&schema, &most), Vec::<String>::new());
    assert!(tokens(&most).len() < 1500, "{}", tokens(&most).len());
}

#[test]
fn what_is_sent_inside_variables_fits_the_schema() {
    let Some(schema) = schema() else {
        return;
    };
    for (input, fields) in [
        (
            "CollectiveCreateInput",
            ["name", "slug", "description", "tags", "settings"].as_slice(),
        ),
        (
            "AccountUpdateInput",
            &["id", "name", "slug", "description", "tags"],
        ),
        ("AccountReferenceInput", &["id", "slug"]),
        (
            "WebhookCreateInput",
            &["account", "activityType", "webhookUrl"],
        ),
        ("WebhookReferenceInput", &["id"]),
    ] {
        for field in fields {
            assert!(schema.fields[input].contains_key(*field), "{input}.{field}");
        }
    }
}

#[test]
fn a_misspelt_document_is_noticed() {
    let Some(schema) = schema() else {
        return;
    };
    for text in [
        "query A { me { idd } }",
        "query A { account(slugg: \"x\") { id } }",
        "query A($s: Int!) { account(slug: $s) { id } }",
        "mutation A { deleteWebhook { activityType } }",
        "query A { me { memberOf { nodes { account } } } }",
    ] {
        assert!(!wrong(&schema, text).is_empty(), "{text}");
    }
}
