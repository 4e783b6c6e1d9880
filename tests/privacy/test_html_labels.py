"""Labels in HTML: the text that a label names is masked, in lists, table cells, and elements next to each other."""

from __future__ import annotations

import json

import pytest

from privacy.masking import masked, text_of

M = "[redacted]"
S = "hunter2x9"
#: Labels with `{}` where the secret is.
LABELS = {
    "bold": "<p><b>Password</b>: {}</p>",
    "bold, then code": "<p><strong>API key</strong>: <code>{}</code></p>",
    "colon inside": "<p><strong>Password:</strong> {}</p>",
    "equals": "<p><b>Password</b> = {}</p>",
    "several": "<p><b>User</b>: ada<br><b>Password</b>: {}<br><b>City</b>: Lima</p>",
    "no colon": "<p><b>Password</b> {}</p>",
    "line break": "<p>Password<br>{}</p>",
    "dt": "<dl><dt>User</dt><dd>ada</dd><dt>Password</dt><dd>{}</dd></dl>",
    "tags in dt": "<dl>\n<dt><b>Password</b></dt>\n<dd><code>{}</code></dd></dl>",
    "tags in td": "<table><tr><td><b>Password</b></td><td>{}</td></tr></table>",
    "div": "<div>Password</div><div>{}</div>",
    "div in columns": '<div class="row">\n <div class="col">Password</div>\n <div class="col">{}</div>\n</div>',
    "span": "<div><span>Password</span> <span>{}</span></div>",
    "p": "<p>Password</p><p>{}</p>",
    "heading": "<h3>Password</h3>\n<p>{}</p>",
    "label": "<label>Password</label><div>{}</div>",
    "aria": '<div role="table"><div role="row"><span role="columnheader">User</span><span role="columnheader">Password</span></div>'
    '<div role="row"><span role="cell">ada</span><span role="cell">{}</span></div></div>',
    "aria grid": "<div role=grid><div role=rowgroup><div role=row><div role=columnheader>User</div><div class=a role=columnheader><b>Token</b></div>"
    "</div></div><div role=rowgroup><div role=row><div role=gridcell><div>ada</div></div><div role=gridcell><div><i>{}</i></div></div></div></div></div>",
    "aria columns": '<div role="row"><div role="columnheader" aria-colindex="7">Password</div></div><div role="row"><div role="cell"'
    ' aria-colindex="2">ada</div><div role="cell" aria-colindex="7">{}</div></div>',
    "aria row": '<div role="row"><span role="rowheader">Password</span><span role="cell">{}</span></div>',
}  # fmt: skip
HARMLESS = [
    "<ul><li>Password</li><li>OAuth2</li></ul>", "<div>Password</div><div>Security</div>", "<div>Password</div><div>Two-factor</div>",
    "<div>Password</div><div>At least 8 characters</div>", "<div>Password</div><div>2024-01-15</div>", "<span>Tokens</span><span>Base64</span>",
    "<p><b>Password</b> is required.</p>", "<h3>Sessions</h3><p>v1.2.3</p>", "<p>Password</p><img src='a.png'><ul><li>a1b2c3</li></ul>",
    "<div>City</div><div>a1b2c3</div>", "<p><b>City</b>: a1b2c3</p>", "<nav><a>Password</a><a>Api2key</a></nav>",
    '<div role="row"><span role="columnheader">Password</span><span role="columnheader">c1ty</span></div>',
    '<div role="table"><div role="row"><b role="columnheader">Password</b></div></div><div role="table"><div role="row"><b role="cell">a1</b></div></div>',
    '<button role="row">a</button> <p title="columnheader">b</p>',
]  # fmt: skip


@pytest.mark.parametrize("text", LABELS.values(), ids=LABELS)
def test_the_text_behind_a_label(text):
    """Only the text that the label names is masked, in a document and in a string."""
    for kind in ("text/html", ""):
        shown = text_of(text.format(S), kind)
        assert S not in shown
        assert M in shown
        assert shown.count("ada") + shown.count("Lima") == text.count("ada") + text.count("Lima")
    assert S not in text_of(json.dumps({"html": text.format(S)}), "application/json")


@pytest.mark.parametrize("text", HARMLESS)
def test_other_texts_stay(text):
    """Menus, forms, sentences, dates and versions behind a label stay."""
    assert masked(text, "text/html").redacted == 0


@pytest.mark.parametrize(
    "text",
    [
        '<label for="password">Password</label> <input type="password" name="password"><button>Log in</button>',
        "<label>Password</label><button>Log in</button>",
        "<label>Password:</label> <input/><div>Forgot it?</div>",
        "<label>Token</label><select><option>None</option></select>",
    ],
)
def test_labels_of_fields(text):
    """A label in front of a field of a form names what is entered there, and not the text behind it."""
    assert text_of(text, "text/html") == text
    assert S not in text_of(f"<label>Token</label><textarea>{S}</textarea>", "text/html")
    assert S not in text_of(f"<r><name>password</name><option>{S}</option><value>{S}</value></r>", "text/xml")


def test_text_in_front_of_a_value_stays():
    """The mask replaces the value, not the sign in front of it nor the text behind it."""
    assert text_of(f"<b>Password</b>: {S}", "text/html") == f"<b>Password</b>: {M}"
    assert (
        text_of(f"<b>Password</b>: {S}<br><b>user</b>: ada", "text/html") == f"<b>Password</b>: {M}<br><b>user</b>: ada"
    )
    assert text_of(f"<b>Password</b>: &lt;{S}&gt;", "text/html") == f"<b>Password</b>: {M}"
