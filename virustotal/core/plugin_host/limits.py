"""How much one plugin may add to the result of one subject. What is beyond is cut and said."""

from attrs import frozen

#: Longest title of a section.
LONGEST_TITLE = 250
#: Sentences about what was cut, of one analyser.
MOST_NOTES = 50


@frozen
class PluginLimits:
    """The most of each thing. Sizes are in characters for bodies and in bytes for attachments.

    findings: of one analyser; all others: of all analysers of one plugin together, for one subject.
    depth: levels of sections, 1 for sections without subsections. body: of one section; bodies: of all.
    """

    findings: int
    sections: int
    depth: int
    body: int
    bodies: int
    tags: int
    downloads: int
    attachments: int
    attachment: int
    ontology: int


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
#: External plugins share a result with all others.
EXTERNAL = PluginLimits(
    findings=1_000,
    sections=100,
    depth=5,
    body=250_000,
    bodies=1_000_000,
    tags=1_000,
    downloads=20,
    attachments=10,
    attachment=16 * 2**20,
    ontology=500,
)
