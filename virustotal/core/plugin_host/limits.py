"""How much one plugin may add to the result of one subject. What is beyond is cut and said."""

from collections import Counter

from attrs import define, field, frozen

from virustotal.util.readers import clean

#: Longest title of a section.
LONGEST_TITLE = 250
#: Sentences about what was cut, of one analyser.
MOST_NOTES = 50


@frozen
class PluginLimits:
    """The most of each thing, by default for external plugins, which share a result with all others.

    Sizes are in characters for bodies and in bytes for attachments.

    findings: of one analyser; all others: of all analysers of one plugin together, for one subject.
    depth: levels of sections, 1 for sections without subsections. body: of one section; bodies: of all.
    """

    findings: int = 1_000
    sections: int = 100
    depth: int = 5
    body: int = 250_000
    bodies: int = 1_000_000
    tags: int = 1_000
    downloads: int = 20
    attachments: int = 10
    attachment: int = 16 * 2**20
    ontology: int = 500


EXTERNAL = PluginLimits()
#: Built-ins bound their own lists; these hold against what a hostile report makes of them.
BUILT_IN = PluginLimits(
    findings=20_000,
    sections=2_000,
    depth=8,
    body=1_000_000,
    bodies=8_000_000,
    tags=20_000,
    downloads=500,
    attachments=100,
    attachment=64 * 2**20,
    ontology=5_000,
)


@define
class Usage:
    """What one analyser adds, within limits that all analysers of its plugin share for one subject, and what it lost.

    counts: what they added so far, by the name of the limit.
    """

    limits: PluginLimits = BUILT_IN
    counts: Counter[str] = field(factory=Counter)
    _sentences: dict[str, None] = field(factory=dict)
    _numbers: Counter[str] = field(factory=Counter)
    _more: int = 0

    def take(self, what: str) -> bool:
        """Count one more of what a limit is named after; False, with a note, where the plugin may add no more."""
        most = getattr(self.limits, what)
        if self.counts[what] >= most:
            self.count(f"Left out: {{}} {what} beyond the {most} that one plugin may add.")
            return False
        self.counts[what] += 1
        return True

    def note(self, sentence: str) -> None:
        """Keep a sentence about what was cut, once; of more than MOST_NOTES only the number."""
        plain = clean(sentence, 500)
        if plain in self._sentences or len(self._sentences) < MOST_NOTES:
            self._sentences[plain] = None
        else:
            self._more += 1

    def count(self, sentence: str) -> None:
        """Keep a sentence that holds `{}` for how often it was said."""
        self._numbers[sentence] += 1

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what was cut: each once, counted ones at the end."""
        counted = (sentence.format(number) for sentence, number in self._numbers.copy().items())
        more = (f"And {self._more} more notes of this kind.",) if self._more else ()
        return (*self._sentences.copy(), *counted, *more)
