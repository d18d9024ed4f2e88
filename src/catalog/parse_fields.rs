//! From a table of a manifest to a field of a form.

use super::{
    CredentialField, Danger, Holder, Keep, Pattern, Refusal, SettingField, SettingKind, Telltale,
    reader::{Reader, Result},
};

/// A table `[[credentials]]`.
pub(super) fn credential(mut table: Reader<'_>) -> Result<CredentialField> {
    let field = field_name(&mut table)?;
    let issued_by = table
        .optional_text("issued_by")?
        .map(|id| table.known_platform("issued_by", &id))
        .transpose()?;
    let credential = CredentialField {
        field,
        label: table.text("label", "\"API key\"")?,
        secret: table.flag("secret", true)?,
        holder: table.word("holder", "\"community\" or \"installation\"")?,
        required: table.flag("required", false)?,
        made_by_us: table.flag("made_by_us", false)?,
        issued_by,
        pattern: table.pattern("pattern")?,
        strict: table.flag("strict", false)?,
        integrity: table.optional_word("integrity")?,
        telltale: telltale(&mut table)?,
        refusals: refusals(&mut table)?,
        shape: table.text("shape", "\"40 lower-case hexadecimal digits\"")?,
        where_to_get: table.texts("where_to_get", "[\"a step\", \"another\"]")?,
        url: table.optional_text("url")?,
        whose: table.text("whose", "\"a bot user that belongs to this group only\"")?,
        who: table
            .optional_text("who")?
            .unwrap_or_else(|| "an operator".to_owned()),
        scopes: table.texts("scopes", "[] where there are none, or [\"read\"]")?,
        reaches: table.text("reaches", "\"what it is meant to reach\"")?,
        also_reaches: table.text("also_reaches", "\"nothing else\", or what else it reaches")?,
        expiry: table.text("expiry", "\"none\", or when it stops working")?,
        keep: table.optional_word("keep")?.unwrap_or(Keep::Always),
    };
    if credential.strict && credential.pattern.is_none() {
        return Err(table.error_at(
            "strict",
            "A field is strict without a pattern to be strict about.",
            "Write pattern = '^...$', or leave strict out.",
        ));
    }
    if !credential.made_by_us && credential.where_to_get.is_empty() {
        return Err(table.error_at(
            "where_to_get",
            format!("Nothing says where {:?} comes from.", credential.field),
            "Write the steps, one sentence each, or made_by_us = true.",
        ));
    }
    table.finish()?;
    Ok(credential)
}

fn telltale(table: &mut Reader<'_>) -> Result<Option<Telltale>> {
    let Some(mut inner) = table.optional_table("telltale")? else {
        return Ok(None);
    };
    let pattern = required_pattern(&mut inner)?;
    let sure = inner.flag("sure", false)?;
    inner.finish()?;
    Ok(Some(Telltale { pattern, sure }))
}

fn refusals(table: &mut Reader<'_>) -> Result<Vec<Refusal>> {
    let mut refusals = Vec::new();
    for mut inner in table.optional_tables("refusals")? {
        refusals.push(Refusal {
            pattern: required_pattern(&mut inner)?,
            reason: inner.text("reason", "\"what it is and what is wanted instead\"")?,
        });
        inner.finish()?;
    }
    Ok(refusals)
}

fn required_pattern(table: &mut Reader<'_>) -> Result<Pattern> {
    match table.pattern("pattern")? {
        Some(pattern) => Ok(pattern),
        None => Err(table.error_at(
            "pattern",
            "A pattern is missing here.",
            "Write pattern = '^...$'.",
        )),
    }
}

fn field_name(table: &mut Reader<'_>) -> Result<String> {
    let field = table.text("field", "\"api_key\"")?;
    let allowed = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_'
    };
    if field.chars().all(allowed) {
        return Ok(field);
    }
    Err(table.error_at(
        "field",
        format!("{field:?} cannot be the name of a field."),
        "Write a-z, 0-9 and '_' only.",
    ))
}

fn danger(table: &mut Reader<'_>) -> Result<Option<Danger>> {
    let Some(mut inner) = table.optional_table("danger")? else {
        return Ok(None);
    };
    let danger = Danger {
        what: inner.text("what", "\"what can be lost, in one sentence\"")?,
        at: inner.optional_texts("at")?,
    };
    inner.finish()?;
    Ok(Some(danger))
}

/// A danger at a value that can never be chosen would never be told.
fn check_danger(table: &Reader<'_>, setting: &SettingField) -> Result<()> {
    let at = setting.danger.iter().flat_map(|danger| &danger.at);
    for value in at {
        if !setting.choices.is_empty() && !setting.choices.contains(value) {
            return Err(table.error_at(
                "danger",
                format!("{value:?} is none of the choices of {:?}.", setting.field),
                format!("Write one of {}.", setting.choices.join(", ")),
            ));
        }
    }
    Ok(())
}

/// A table `[[settings]]`.
pub(super) fn setting(mut table: Reader<'_>) -> Result<SettingField> {
    let setting = SettingField {
        field: field_name(&mut table)?,
        label: table.text("label", "\"Address of the forum\"")?,
        help: table.text("help", "\"what it does, in one sentence\"")?,
        kind: table.word("kind", "\"text\"")?,
        choices: table.optional_texts("choices")?,
        required: table.flag("required", false)?,
        default: table.optional_text("default")?,
        immutable: table.flag("immutable", false)?,
        holder: table.optional_word("holder")?.unwrap_or(Holder::Community),
        shared: table.flag("shared", false)?,
        pattern: table.pattern("pattern")?,
        minimum: table.optional_number("minimum")?,
        maximum: table.optional_number("maximum")?,
        max_length: table
            .optional_number("max_length")?
            .unwrap_or(SettingField::MAX_LENGTH),
        placeholder: table.optional_text("placeholder")?,
        danger: danger(&mut table)?,
    };
    check_danger(&table, &setting)?;
    if setting.kind == SettingKind::Choice && setting.choices.is_empty() {
        return Err(table.error_at(
            "kind",
            format!("{:?} is a choice without choices.", setting.field),
            "Write choices = [\"one\", \"other\"].",
        ));
    }
    if setting.pattern.is_some() && setting.placeholder.is_none() {
        return Err(table.error_at(
            "pattern",
            format!("{:?} has a pattern and no example of it.", setting.field),
            "Write placeholder = \"a value that matches\".",
        ));
    }
    for (key, value) in [
        ("default", &setting.default),
        ("placeholder", &setting.placeholder),
    ] {
        // A pattern is compiled here for the operator's files; the built-in ones are checked by a test.
        let lazy = setting.pattern.is_some() && !table.compiles_patterns();
        if let Some(value) = value.as_ref().filter(|_| !lazy) {
            setting.check(value).map_err(|reason| {
                table.error_at(
                    key,
                    format!("The {key} of {:?} is not accepted: {reason}", setting.field),
                    "Write a value that the field itself takes.",
                )
            })?;
        }
    }
    table.finish()?;
    Ok(setting)
}
