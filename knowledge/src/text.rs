//! Where is this written about? Search over playbook texts and past incidents, in English and Chinese.
//!
//! In: documents, a query in either language. Out: hits, best first. Called by the planner and the dashboard. English
//! words are stemmed; Chinese is cut into single characters and pairs of neighbours, which needs no dictionary. A query
//! is only ever words: there is no query syntax, so nothing typed by a person or a device can fail to parse.

use crate::error::KnowledgeError;
use std::collections::BTreeSet;
use std::path::Path;
use tantivy::collector::TopDocs;
use tantivy::directory::MmapDirectory;
use tantivy::query::{BooleanQuery, BoostQuery, Occur, Query, TermQuery};
use tantivy::schema::{
    Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions, Value,
};
use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, Term};
use zizhi_types::text::Language;
use zizhi_types::topology::Bilingual;

/// Characters of a query that are read. Our choice: a long sentence.
pub const LONGEST_TEXT: usize = 400;
/// Memory of the writer, in bytes: the least that tantivy takes, as our texts are few.
const WRITER_BYTES: usize = 15_000_000;
/// A word in a title counts as much as three in a body. Our choice.
const TITLE: f32 = 3.0;
/// The reader's own language counts this much more. Our choice: settles ties.
const OWN_LANGUAGE: f32 = 1.2;

/// A text to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Unique; a document of the same id is replaced.
    pub id: String,
    /// For example `playbook` or `incident`.
    pub kind: String,
    /// Its title.
    pub title: Bilingual,
    /// Its text.
    pub body: Bilingual,
}

/// A text that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Which.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Its title in the reader's language, or in the other where that is empty.
    pub title: String,
    /// Its text, likewise.
    pub body: String,
    /// BM25 with our weights, above 0; comparable within one search only.
    pub score: f32,
}

#[derive(Debug, Clone, Copy)]
struct Fields {
    id: Field,
    kind: Field,
    title_en: Field,
    title_zh: Field,
    body_en: Field,
    body_zh: Field,
}

type Clause = (Occur, Box<dyn Query>);

/// The index.
pub struct TextIndex {
    index: Index,
    writer: IndexWriter,
    reader: IndexReader,
    fields: Fields,
}

impl TextIndex {
    /// In memory.
    pub fn in_memory() -> Result<Self, KnowledgeError> {
        let (schema, fields) = schema();
        Self::with(Index::create_in_ram(schema), fields)
    }

    /// In a folder that exists; what it holds is found again.
    pub fn in_folder(folder: &Path) -> Result<Self, KnowledgeError> {
        let (schema, fields) = schema();
        let directory = MmapDirectory::open(folder)?;
        Self::with(Index::open_or_create(directory, schema)?, fields)
    }

    fn with(index: Index, fields: Fields) -> Result<Self, KnowledgeError> {
        let chinese = TextAnalyzer::from(Bigrams);
        index.tokenizers().register("zh_bigrams", chinese);
        // One thread: the same documents make the same index.
        let writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        Ok(Self {
            index,
            writer,
            reader,
            fields,
        })
    }

    /// Adds documents, or replaces those of the same id. They are found from now on.
    pub fn index(
        &mut self,
        documents: impl IntoIterator<Item = Document>,
    ) -> Result<(), KnowledgeError> {
        let f = self.fields;
        for document in documents {
            self.writer
                .delete_term(Term::from_field_text(f.id, &document.id));
            let mut out = TantivyDocument::default();
            out.add_text(f.id, &document.id);
            out.add_text(f.kind, &document.kind);
            out.add_text(f.title_en, &document.title.en);
            out.add_text(f.title_zh, &document.title.zh);
            out.add_text(f.body_en, &document.body.en);
            out.add_text(f.body_zh, &document.body.zh);
            self.writer.add_document(out)?;
        }
        self.writer.commit()?;
        self.reader.reload()?;
        Ok(())
    }

    /// The best documents for some words in either language; empty for a query without words.
    pub fn search(
        &self,
        query: &str,
        language: Language,
        limit: usize,
    ) -> Result<Vec<Hit>, KnowledgeError> {
        let query: String = query.chars().take(LONGEST_TEXT).collect();
        let clauses = self.clauses(&query, language)?;
        if clauses.is_empty() || limit == 0 {
            return Ok(vec![]);
        }
        let searcher = self.reader.searcher();
        let best = TopDocs::with_limit(limit).order_by_score();
        let found = searcher.search(&BooleanQuery::new(clauses), &best)?;
        let mut hits = vec![];
        for (score, address) in found {
            hits.push(self.hit(&searcher.doc(address)?, language, score));
        }
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
        Ok(hits)
    }

    fn clauses(&self, query: &str, language: Language) -> Result<Vec<Clause>, KnowledgeError> {
        let f = self.fields;
        let english = self.english(query)?;
        let chinese: BTreeSet<String> = cut(query, false).into_iter().map(|t| t.text).collect();
        let own = |l: Language| if l == language { OWN_LANGUAGE } else { 1.0 };
        let (en, zh) = (own(Language::En), own(Language::Zh));
        let mut clauses = vec![];
        for (field, words, weight) in [
            (f.title_en, &english, TITLE * en),
            (f.body_en, &english, en),
            (f.title_zh, &chinese, TITLE * zh),
            (f.body_zh, &chinese, zh),
        ] {
            for word in words {
                let term = Term::from_field_text(field, word);
                let term = TermQuery::new(term, IndexRecordOption::WithFreqs);
                let boosted: Box<dyn Query> = Box::new(BoostQuery::new(Box::new(term), weight));
                clauses.push((Occur::Should, boosted));
            }
        }
        Ok(clauses)
    }

    fn english(&self, query: &str) -> Result<BTreeSet<String>, KnowledgeError> {
        let mut analyzer = self.index.tokenizer_for_field(self.fields.body_en)?;
        let mut words = BTreeSet::new();
        analyzer.token_stream(query).process(&mut |token: &Token| {
            words.insert(token.text.clone());
        });
        Ok(words)
    }

    fn hit(&self, document: &TantivyDocument, language: Language, score: f32) -> Hit {
        let f = self.fields;
        let text = |field| {
            let value = document.get_first(field).and_then(|v| v.as_str());
            value.unwrap_or_default().to_owned()
        };
        let either = |en, zh| {
            let (own, other) = match language {
                Language::En => (en, zh),
                Language::Zh => (zh, en),
            };
            let own = text(own);
            if own.is_empty() { text(other) } else { own }
        };
        Hit {
            id: text(f.id),
            kind: text(f.kind),
            title: either(f.title_en, f.title_zh),
            body: either(f.body_en, f.body_zh),
            score,
        }
    }
}

fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let words = |tokenizer: &str| {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(tokenizer)
            .set_index_option(IndexRecordOption::WithFreqs);
        TextOptions::default()
            .set_indexing_options(indexing)
            .set_stored()
    };
    let fields = Fields {
        id: builder.add_text_field("id", STRING | STORED),
        kind: builder.add_text_field("kind", STRING | STORED),
        title_en: builder.add_text_field("title_en", words("en_stem")),
        title_zh: builder.add_text_field("title_zh", words("zh_bigrams")),
        body_en: builder.add_text_field("body_en", words("en_stem")),
        body_zh: builder.add_text_field("body_zh", words("zh_bigrams")),
    };
    (builder.build(), fields)
}

/// Cuts Chinese into characters and pairs; other words stay whole, in lower case.
#[derive(Clone)]
struct Bigrams;

impl Tokenizer for Bigrams {
    type TokenStream<'a> = Cut;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Cut {
        Cut {
            tokens: cut(text, true),
            next: 0,
        }
    }
}

/// The tokens of one text.
struct Cut {
    tokens: Vec<Token>,
    next: usize,
}

impl TokenStream for Cut {
    fn advance(&mut self) -> bool {
        self.next += 1;
        self.next <= self.tokens.len()
    }

    fn token(&self) -> &Token {
        &self.tokens[self.next - 1]
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.tokens[self.next - 1]
    }
}

/// The Unified Ideographs with extension A and the compatibility block (Unicode 16, blocks 3400, 4E00, F900), and the
/// later extensions in planes 2 and 3.
const fn ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Tokens of a text: words, and pairs of ideographs. A lone ideograph is a token; with `singles`, every one is.
fn cut(text: &str, singles: bool) -> Vec<Token> {
    let mut runs: Vec<Vec<(usize, char)>> = vec![];
    let mut before = None;
    for (at, c) in text.char_indices() {
        let sort = c.is_alphanumeric().then(|| ideograph(c));
        match runs.last_mut() {
            Some(run) if sort.is_some() && sort == before => run.push((at, c)),
            _ if sort.is_some() => runs.push(vec![(at, c)]),
            _ => {}
        }
        before = sort;
    }
    let mut tokens: Vec<Token> = vec![];
    for run in &runs {
        if !ideograph(run[0].1) {
            push(&mut tokens, run);
            continue;
        }
        for i in 0..run.len() {
            if singles || run.len() == 1 {
                push(&mut tokens, &run[i..=i]);
            }
            if i + 1 < run.len() {
                push(&mut tokens, &run[i..i + 2]);
            }
        }
    }
    tokens
}

fn push(tokens: &mut Vec<Token>, run: &[(usize, char)]) {
    let (Some(first), Some(last)) = (run.first(), run.last()) else {
        return;
    };
    tokens.push(Token {
        offset_from: first.0,
        offset_to: last.0 + last.1.len_utf8(),
        position: tokens.len(),
        text: run.iter().flat_map(|(_, c)| c.to_lowercase()).collect(),
        position_length: 1,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn document(id: &str, title: (&str, &str), body: (&str, &str)) -> Document {
        let text = |(en, zh): (&str, &str)| Bilingual {
            en: en.into(),
            zh: zh.into(),
        };
        Document {
            id: id.into(),
            kind: "playbook".into(),
            title: text(title),
            body: text(body),
        }
    }

    fn shelf() -> TextIndex {
        let mut index = TextIndex::in_memory().unwrap();
        let drain = document(
            "drain",
            ("Drain a lossy link", "排空有损链路"),
            (
                "Raise the cost so that traffic leaves the link.",
                "提高开销，使流量离开该链路。",
            ),
        );
        let restart = document(
            "restart",
            ("Restart a crashed instance", "重启崩溃的实例"),
            ("The instance stopped; traffic waits.", "实例已停止。"),
        );
        let english = document(
            "cell",
            ("Hand users over", ""),
            ("The cell is off the air", ""),
        );
        index.index([drain, restart, english]).unwrap();
        index
    }

    fn ids(index: &TextIndex, query: &str, language: Language) -> Vec<String> {
        let hits = index.search(query, language, 10).unwrap();
        hits.into_iter().map(|h| h.id).collect()
    }

    #[test]
    fn english_is_found_by_its_stem_titles_first() {
        let index = shelf();
        assert_eq!(ids(&index, "draining links", Language::En), ["drain"]);
        assert_eq!(
            ids(&index, "Traffic: instances?", Language::En),
            ["restart", "drain"]
        );
    }

    #[test]
    fn chinese_is_found_without_a_dictionary() {
        let index = shelf();
        assert_eq!(ids(&index, "链路", Language::Zh), ["drain"]);
        assert_eq!(ids(&index, "实例崩溃", Language::Zh), ["restart"]);
        assert_eq!(ids(&index, "崩", Language::Zh), ["restart"]);
        // Both characters are there, but never side by side.
        assert!(ids(&index, "路链", Language::Zh).is_empty());
    }

    #[test]
    fn a_hit_reads_in_the_readers_language_where_it_can() {
        let index = shelf();
        let title = |q, l| index.search(q, l, 1).unwrap()[0].title.clone();
        assert_eq!(title("drain", Language::Zh), "排空有损链路");
        assert_eq!(title("链路", Language::En), "Drain a lossy link");
        assert_eq!(title("air", Language::Zh), "Hand users over");
    }

    #[test]
    fn a_document_that_comes_again_replaces_the_old_one() {
        let mut index = shelf();
        let new = document("drain", ("Steer around a link", "绕行"), ("", ""));
        index.index([new]).unwrap();
        assert!(ids(&index, "drain", Language::En).is_empty());
        assert_eq!(ids(&index, "绕行", Language::Zh), ["drain"]);
    }

    #[test]
    fn a_folder_keeps_the_index() {
        let folder = tempfile::tempdir().unwrap();
        let mut index = TextIndex::in_folder(folder.path()).unwrap();
        index
            .index([document("a", ("Silent cut", "静默中断"), ("", ""))])
            .unwrap();
        drop(index);
        let again = TextIndex::in_folder(folder.path()).unwrap();
        assert_eq!(ids(&again, "静默", Language::Zh), ["a"]);
        let missing = folder.path().join("nowhere");
        assert!(TextIndex::in_folder(&missing).is_err());
    }

    #[test]
    fn mixed_text_is_cut_where_the_script_changes() {
        let words =
            |t, singles| -> Vec<String> { cut(t, singles).into_iter().map(|t| t.text).collect() };
        assert_eq!(words("BGP邻居 down", false), ["bgp", "邻居", "down"]);
        assert_eq!(words("光模块", true), ["光", "光模", "模", "模块", "块"]);
    }

    proptest! {
        #[test]
        fn nothing_typed_can_fail(query in any::<String>()) {
            prop_assert!(cut(&query, true).iter().all(|t| query.get(t.offset_from..t.offset_to).is_some()));
            prop_assert!(TextIndex::in_memory().unwrap().search(&query, Language::En, 5).unwrap().is_empty());
        }
    }
}
