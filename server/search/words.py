"""Texts and questions as words: the same for the index, for what people type, and for both databases."""

import re
import unicodedata
from dataclasses import dataclass
from itertools import islice

MAX_QUERY = 200
MAX_TERMS = 12
MAX_WORD = 60
MAX_INDEXED_WORDS = 20_000

# Scripts that are written without spaces: each character is a word of its own, and neighbours make a phrase.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_PART = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to look for: a word, or several in a row. The last word may be the beginning of one."""

    words: tuple[str, ...]
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody looks for. Without `wanted` nothing is found."""

    wanted: tuple[Term, ...] = ()
    unwanted: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.wanted)


def words_of(text: str) -> list[str]:
    """The words of a text: accents taken off, case folded, punctuation left out."""
    spread = unicodedata.normalize("NFKD", text)
    plain = "".join(character for character in spread if not unicodedata.combining(character)).casefold()
    return [match[0][:MAX_WORD] for match in islice(_WORD.finditer(plain), MAX_INDEXED_WORDS)]


def indexed(*texts: str) -> str:
    """Texts as they are put into the index."""
    return " ".join(word for text in texts for word in words_of(text))


def parse_query(text: str) -> Query:
    """Understand words, "phrases" and -words, whatever else is in the text; the last open word may be unfinished."""
    text = text.replace("\x00", " ")[:MAX_QUERY].replace("“", '"').replace("”", '"').replace("„", '"')
    wanted: list[Term] = []
    unwanted: list[Term] = []
    for match in islice(_PART.finditer(text), MAX_TERMS):
        is_phrase = match["word"] is None
        words = tuple(words_of(match["phrase"] if is_phrase else match["word"]))
        if not words:
            continue
        is_last = match.end() == len(text)
        if match["minus"]:
            unwanted.append(Term(words))
        else:
            wanted.append(Term(words, is_prefix=is_last and not is_phrase and len(words[-1]) > 1))
    return Query(tuple(wanted), tuple(unwanted))


def any_of(text: str, *, limit: int = MAX_TERMS) -> tuple[str, ...]:
    """The telling words of a sentence such as "ask me about": the longer ones, each once."""
    telling = [word for word in dict.fromkeys(words_of(text)) if len(word) > 3 or not word.isascii()]
    return tuple(telling[:limit])


def fts5(query: Query) -> str:
    """The query in the language of SQLite's FTS5. Every word is quoted, so none of them can mean anything else."""
    wanted = " AND ".join(_fts5_term(term) for term in query.wanted)
    if not query.unwanted:
        return wanted
    return f"({wanted}) NOT ({' OR '.join(_fts5_term(term) for term in query.unwanted)})"


def tsquery(query: Query) -> str:
    """The query in the language of PostgreSQL's `to_tsquery`."""
    parts = [_tsquery_term(term) for term in query.wanted] + [f"!({_tsquery_term(term)})" for term in query.unwanted]
    return " & ".join(parts)


def _fts5_term(term: Term) -> str:
    return f'"{" ".join(term.words)}"' + ("*" if term.is_prefix else "")


def _tsquery_term(term: Term) -> str:
    *first, last = (f"'{word}'" for word in term.words)
    return " <-> ".join([*first, last + (":*" if term.is_prefix else "")])
