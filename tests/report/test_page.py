"""The page as text: complete, the same each time, small, and closed against what is in the data."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from upweight.report import _words as words
from upweight.report import page
from upweight.report._page import embedded
from upweight.report._table import word

VOID = {"meta", "link", "input", "br", "path", "rect", "line", "circle"}


class Outline(HTMLParser):
    """Tags, attributes and the text of scripts and styles; complains of tags that do not nest."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.raw, self.open, self.broken = Counter(), [], [], [], []
        self.text = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += [(tag, key, value) for key, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += [(tag, key, value) for key, value in attrs]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.broken.append((tag, self.getpos()))

    def handle_data(self, data):
        (self.raw if self.open and self.open[-1] in {"script", "style"} else self.text).append(data)


def variants(documents):
    incomplete = documents.digits(15, cost=20) | {"complete": False}
    incomplete["rows"][4] = documents.failed("random_over", "MemoryError: 23.1 GiB")
    del incomplete["curves"]["random_over"]
    bare = documents.digits(15)
    bare["curves"] = {}
    return {
        "fifteen": documents.digits(15), "two": documents.digits(2), "thirty": documents.digits(30),
        "three classes": documents.three_classes(), "hostile": documents.hostile(), "incomplete": incomplete, "bare": bare,
    }  # fmt: skip


@pytest.fixture(scope="module")
def outlines(documents):
    return {name: Outline(page(facts)) for name, facts in variants(documents).items()}


def test_every_page_nests_and_has_unique_ids(outlines):
    for name, outline in outlines.items():
        assert not outline.broken, name
        assert not outline.open, name
        ids = Counter(value for _, key, value in outline.attributes if key == "id")
        assert max(ids.values()) == 1, (name, ids.most_common(3))
        wanted = {
            v
            for _, key, values in outline.attributes
            if key in {"aria-labelledby", "aria-describedby", "for"}
            for v in values.split()
        }
        assert wanted <= set(ids), name


def test_the_same_document_gives_the_same_bytes(documents):
    assert page(documents.digits(15)) == page(documents.digits(15))


def test_thirty_rows_stay_under_a_megabyte(documents):
    assert len(page(documents.digits(30)).encode()) < 700_000
    assert len(page(documents.hostile()).encode()) < 700_000


def test_thousands_of_columns_are_listed_in_part_and_the_odd_ones_first(documents):
    facts = documents.digits(2)
    plain = [{"column": f"c{i}", "kind": "numeric", "missing": 0, "note": ""} for i in range(5000)]
    plain[4321] |= {"kind": "dropped", "note": "one value only"}
    html = page(facts | {"data": facts["data"] | {"preprocessing": plain}})
    assert "c4321" in html
    assert "And 4,700 more columns" in html
    assert "4,999 numeric" in html
    assert len(html) < 300_000


def test_hostile_text_makes_no_element_and_no_attribute(outlines):
    hostile, honest = outlines["hostile"], outlines["fifteen"]
    assert hostile.tags["script"] == 2
    assert hostile.tags["style"] == 1
    assert not {"img", "iframe", "object", "embed", "textarea"} & set(hostile.tags)
    assert set(hostile.tags) - set(honest.tags) <= {"small"}
    names = {(tag, key) for tag, key, _ in hostile.attributes}
    assert not {
        key for _, key in names if key.startswith("on") or key in {"style", "srcdoc", "autofocus", "formaction"}
    }
    assert {value[:1] for _, key, value in hostile.attributes if key == "href"} == {"#", "d"}
    assert {value for _, key, value in hostile.attributes if key == "href" and value[0] == "d"} == {"data:,"}


def test_hostile_text_is_shown_as_it_was_written(outlines, documents):
    shown = "".join(outlines["hostile"].text)
    for name in ("script", "quote", "template", "style", "comment"):
        assert " ".join(documents.attacks[name].split())[:40] in shown, name
    assert "safe[U+202E]gnp.exe[U+2066][U+0000]" in shown


def test_nothing_is_asked_of_the_network(outlines):
    for name, outline in outlines.items():
        asked = [
            (tag, key)
            for tag, key, _ in outline.attributes
            if key in {"src", "srcset", "action", "data", "poster", "xlink:href"}
        ]
        assert not asked, name
        assert not re.search(
            r"https?://|@import|url\(|fetch\(|XMLHttp|WebSocket|sendBeacon|import\(", "".join(outline.raw)
        ), name


def test_the_policy_names_this_style_and_this_script_and_nothing_else(documents):
    html = page(documents.digits(2))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1].replace("&#39;", "'")
    for element, inside in (("script", r"<script>(.*?)</script>"), ("style", r"<style>(.*?)</style>")):
        text = re.search(inside, html, re.S)[1]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}';" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert html.index("Content-Security-Policy") < html.index("<style>")


def test_embedded_json_comes_back_and_cannot_end_its_element():
    value = {"a": "</script><!--\u2028\u2029&", "b": [1.5, None, -3]}
    text = str(embedded(value))
    assert json.loads(text) == value
    assert not set("<>&\u2028\u2029") & set(text)
    with pytest.raises(ValueError, match="JSON compliant"):
        embedded(float("nan"))


def test_the_script_is_given_numbers_and_not_a_word_of_the_data(documents, outlines):
    given = next(json.loads(t) for t in outlines["hostile"].raw if t.startswith('{"prevalence"'))
    words = set(re.findall(r'"([^"]*)"', json.dumps(given))) - set(given["shapes"].values())
    assert all(re.fullmatch(r"[a-z]+|\d+", w) for w in words), words
    for i, row in enumerate(documents.hostile()["rows"]):
        operating = documents.hostile()["curves"][row["name"]]["operating"]
        assert given["rows"][str(i)]["caught"] == pytest.approx(operating["true_positives"], rel=1e-6)
        assert given["rows"][str(i)]["false"] == pytest.approx(operating["false_positives"], rel=1e-6)


def test_the_verdict_comes_before_the_table_and_the_table_before_the_pictures(documents):
    html = page(documents.digits(15))
    places = [html.index(f'id="{part}"') for part in ("verdict", "methods", "bench", "reliability", "words", "data")]
    assert places == sorted(places)
    for sentence in documents.digits(15)["verdict"]["sentences"]:
        assert words.sentence(sentence).split(";")[0] in html


def test_every_row_and_its_figures_are_in_the_table(documents):
    facts = documents.digits(15, cost=20)
    html = page(facts)
    body = html[html.index('<table class="methods') : html.index("</table>")]
    lines = re.findall(r"<tr data-row.*?</tr>", body, re.S)
    assert len(lines) == 15
    for row, line in zip(facts["rows"], lines, strict=True):
        assert f"<bdi>{row['name']}</bdi>" in line
        for wanted in (
            f">{row['ap']:.3f}<",
            f">{row['oe_raw']:.2f}<",
            f">{row['cost']:.1f}<",
            f">{100 * row['recall']:.1f}\u202f%<",
        ):
            assert wanted in line, (row["name"], wanted)


def test_a_column_without_a_figure_is_left_out(documents):
    heads = lambda facts: re.findall(r'class="sort">([^<]*)<', page(facts))
    assert "Cost" in heads(documents.digits(2, cost=20))
    assert "Cost" not in heads(documents.digits(2))
    assert "Specificity" in heads(documents.digits(2))
    assert "Specificity" not in heads(documents.three_classes())


def test_a_failed_row_says_so_in_words(documents):
    facts = documents.digits(15)
    facts["rows"][4] = documents.failed("random_over", "MemoryError: Unable to allocate 23.1 GiB")
    html = page(facts)
    assert '<td data-sort="failed" class="failed">failed</td>' in html
    assert "Unable to allocate 23.1 GiB" in html


def test_an_incomplete_run_says_so_first(documents):
    html = page(documents.digits(2) | {"complete": False})
    assert html.index("Incomplete run.") < html.index('class="lead"')
    assert "Incomplete run." not in page(documents.digits(2))


def test_more_than_two_classes_have_no_threshold_to_move(documents):
    html = page(documents.three_classes())
    assert 'id="threshold"' not in html
    assert "no single threshold exists" in html
    assert 'id="reliability"' in html
    assert ">null</script>" in html


def test_without_any_curve_the_verdict_and_the_table_remain(documents):
    html = page(documents.digits(15) | {"curves": {}})
    assert 'id="pr"' not in html
    assert 'id="calibration"' not in html
    assert html.count("<tr data-row") == 15


@pytest.mark.parametrize(
    ("low", "high", "p", "said"),
    [
        (0.01, 0.05, 0.01, "better"),
        (0.01, 0.05, None, "better"),
        (0.01, 0.05, 0.2, "cannot tell"),
        (-0.05, -0.01, 0.01, "worse"),
        (-0.05, -0.01, None, "worse"),
        (-0.05, -0.01, 0.2, "cannot tell"),
        (0.001, 0.009, 0.01, "no difference"),
        (-0.009, 0.01, 0.9, "no difference"),
        (-0.011, 0.01, 0.9, "cannot tell"),
        (None, 0.01, 0.9, ""),
    ],
)
def test_the_word_follows_the_interval(low, high, p, said):
    assert word({"ap_low": low, "ap_high": high, "ap_p": p}) == said


def test_the_advised_row_is_the_one_of_the_verdict(documents):
    facts = documents.digits(15)
    advised = lambda html: re.findall(r'class="chosen">\s*<th scope="row" data-sort="([^"]*)"', html)
    assert advised(page(facts)) == ["threshold"]
    facts["verdict"]["code"] = "use:smote"
    html = page(facts)
    assert advised(html) == ["smote"]
    assert "selected>smote</option>" in html
    facts["verdict"]["code"] = "too_few"
    assert ">advised<" not in page(facts)


def test_prices_start_where_the_comparison_stood(documents):
    assert 'id="miss" type="number" inputmode="decimal" min="0" step="any" required value="20"' in page(
        documents.digits(2, cost=20)
    )
    share = documents.digits(2)["data"]["prevalence"]
    assert f'required value="{(1 - share) / share:.3g}"' in page(documents.digits(2))


def test_settings_versions_fingerprint_and_command_are_at_the_foot(documents):
    html = page(documents.digits(2))
    foot = html[html.index("<footer>") :]
    for wanted in (
        "upweight compare demo:digits --target eight",
        "logistic",
        "sha256:6d0a1f0c7be2",
        "1.9.1",
        "31.2 seconds",
    ):
        assert wanted in foot
    facts = documents.digits(2)
    del facts["settings"]["command"]
    assert "Run it again" not in page(facts)


def test_the_word_on_a_row_is_that_of_the_verdict():
    from upweight.imbalance.comparison import _verdict
    from upweight.report import _table

    assert (_table.SAME, _table.SURE) == (_verdict.SAME, _verdict.SURE)
    assert words.ENOUGH == _verdict.MANY_ENOUGH


def heading(html):
    return re.sub("<[^>]*>", "", re.search(r"<h1[^>]*>(.*?)</h1>", html, re.S)[1])


def test_the_heading_of_the_page_is_the_verdict_without_its_figures(documents):
    facts = documents.digits(15)
    assert heading(page(facts)) == "Move the threshold; change nothing else."
    told = {
        "smote ranks better than moving the threshold: AP +.031 [+.012, +.050].": (
            "smote ranks better than moving the threshold.", "AP\u00a0+0.031\u00a0[+0.012,\u00a0+0.050]."
        ),
        "smote costs less than moving the threshold: -9.47 [-20.1, -1.0] per 1,000 rows.": (
            "smote costs less than moving the threshold.", "−9.47\u00a0[−20.1,\u00a0−1.0] per 1,000 rows."
        ),
        "The learner ranks no better than chance: AUC 0.494 [0.463, 0.526]. No remedy for imbalance mends that.": (
            "The learner ranks no better than chance.", "AUC\u00a00.494\u00a0[0.463,\u00a00.526]."
        ),
        "Too few to compare: 12 rows of the rarest class, 30 are needed. Collect more.": (
            "Too few to compare.", "12 rows of the rarest class, 30 are needed."
        ),
    }  # fmt: skip
    for sentence, (large, small) in told.items():
        facts["verdict"]["sentences"][0] = sentence
        html = page(facts)
        assert heading(html) == large
        assert f'<p class="sentence"><bdi>{small}</bdi></p>' in html


def test_that_the_run_was_stopped_does_not_push_the_verdict_aside(documents):
    facts = documents.digits(15) | {"complete": False}
    early = "Stopped early: 30 of 125 fits are in; the figures are of the folds that finished."
    facts["verdict"]["sentences"].insert(0, early)
    html = page(facts)
    assert heading(html) == "Move the threshold; change nothing else."
    assert f"<strong>Incomplete run.</strong> {early}" in html
    assert html.count("Stopped early") == 1
    facts["verdict"] |= {"code": "incomplete", "grade": "unusable", "sentences": [early, "At 0.5 it finds 60 %."]}
    assert heading(page(facts)) == "Stopped early."


def test_only_an_advised_row_is_lifted_out_of_the_table(documents):
    facts = documents.digits(15)
    assert page(facts).count('class="chosen"') == 1
    facts["verdict"]["code"] = "no_signal"
    assert 'class="chosen"' not in page(facts)


def test_an_unreliable_grade_tells_which_of_its_causes_holds(documents):
    facts = documents.digits(2)
    facts["verdict"]["grade"] = "unreliable"
    assert "not even known to within 0.05" in page(facts)
    facts["data"]["counts"] = [1433, 51]
    html = page(facts)
    assert "Only 51 rows of the rarest class" in html
    assert "not even known" not in html


def test_the_key_of_the_picture_names_nothing_that_is_not_drawn(documents):
    facts = documents.digits(15)
    assert page(facts).count("untouched, alert at 0.5") == 1
    facts["rows"][0]["raw_precision"] = None  # no alert at 0.5: no precision, no cross
    assert facts["rows"][0]["name"] == "none"
    assert "untouched, alert at 0.5" not in page(facts)


def test_a_bench_that_disagrees_with_the_table_says_so(documents):
    facts = documents.digits(2)
    assert "so the two can differ." in page(facts)
    assert "differ much" not in page(facts)
    facts["rows"][0]["alerts"] = 17.1
    assert "alerts here, 17 in the table" in page(facts)


def test_the_positive_class_is_marked(documents):
    html = page(documents.digits(2))
    assert html.count('<span class="tag">positive</span>') == 1
    assert '<bdi>True</bdi> <span class="tag">positive</span>' in html
    assert '<span class="tag">positive</span>' not in page(documents.three_classes())


def test_the_title_names_the_file_and_not_the_folders_of_its_owner(documents):
    facts = documents.digits(2)
    for name in ("data/ada/churn 2024.csv", "C:\\Users\\ada\\churn 2024.csv", "churn 2024.csv"):
        facts["data"]["name"] = name
        html = page(facts)
        assert "| eight = True in churn 2024.csv</title>" in html
        assert "ada" not in html


def test_settings_are_said_in_words(documents):
    facts = documents.digits(2, cost=20)
    facts["settings"]["cost"] = 20.0
    foot = page(facts).split("<footer>")[1]
    for words_of_it in ("<bdi>seed</bdi>: <bdi>0<", "<bdi>cost of a miss in false alarms</bdi>: <bdi>20<"):
        assert words_of_it in foot


def test_alerts_without_a_precision_are_not_called_real(documents):
    facts = documents.digits(2)
    assert "of them real" in page(facts)
    facts["rows"][0] |= {"alerts": 0.0, "precision": None}  # no alert, no share of them
    assert facts["rows"][0]["name"] == "threshold"
    assert "of them real" not in page(facts)


def test_heads_of_figures_stand_over_their_figures(documents):
    every = page(documents.digits(2)).split('<table class="every">')[1]
    heads, line = every.split("</thead>")[0], every.split("<tbody>")[1].split("</tr>")[0]
    assert heads.count('class="number"') == line.count('class="number"') > 20
