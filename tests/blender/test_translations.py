"""Other languages: every text of the interface has its translation, and no translation is left over."""

from __future__ import annotations

import ast
import string

import pytest


@pytest.fixture(scope="module")
def texts(addon):
    """Every text that Blender can translate."""
    from bl_ext.user_default.sway import registration
    from bl_ext.user_default.sway.translations import collect

    return collect.texts(registration.CLASSES)


@pytest.fixture(scope="module")
def chinese(addon):
    """Says a text in Chinese, from Sway's own table alone."""
    from bl_ext.user_default.sway import translations

    table = translations.LANGUAGES["zh_HANS"]
    return lambda text: translations.SENTENCES.said(text, lambda english: table.get(english, english))


def test_the_collection_finds_each_kind_of_text(texts):
    """A button, its tooltip, a setting, a choice, a stage, a result, a refusal with numbers: all are collected."""
    assert {
        "Rendering",
        "{} splats move, {} hold still",
        "Imported {} splats",
        "{}, {}, {} s left",
        "a video file",
        "The mask {} is {} x {} pixels, the picture {} x {}; they must be alike.",
        "{} has a cut between its frames {} and {}; choose a First Frame after it, or a clip without.",
        "Fit Material",
        "Add a subject that moves at once, to play with: every step of the sidebar works on it",
        "Frames to simulate from the scene's first frame on",
        "Potted Plant",
        "Select or import a splat object",
        "Select a splat object first",
    } <= texts


def test_chinese_is_complete(texts):
    """No English text is without its Chinese one."""
    from bl_ext.user_default.sway import translations

    assert translations.untranslated(texts, "zh_HANS") == []


def test_no_translation_is_left_over(texts):
    """Texts that are gone from the interface are gone from the tables."""
    from bl_ext.user_default.sway import translations

    now = {translations.one_line(text) for text in texts}
    assert [text for text in translations.LANGUAGES["zh_HANS"] if text not in now] == []


def test_placeholders_survive_translation(addon):
    """What is filled into a sentence is filled into its translation, in this order or by numbers."""
    from bl_ext.user_default.sway import translations

    def fields(text):
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
        return sorted(name or str(number) for number, name in enumerate(names))

    for text, said in translations.LANGUAGES["zh_HANS"].items():
        assert fields(text) == fields(said), text


def test_what_is_drawn_with_values_is_said(addon):
    """No panel and no operator draws or reports a composed text without looking for its translation."""
    from bl_ext.user_default.sway.translations import collect

    assert collect.unsaid() == []


def test_a_composed_text_that_is_not_said_is_noticed(addon):
    """The search above sees a label, a report and a status text that were forgotten."""
    from bl_ext.user_default.sway.translations import collect

    forgotten = 'layout.label(text=f"{n} of it")\nself.report({"INFO"}, f"{n} done")\nspace.status_text_set("a" + b)'
    seen = [node.lineno for node in ast.walk(ast.parse(forgotten)) if collect.is_unsaid(node)]
    assert sorted(seen) == [1, 2, 3]


def test_every_sentence_is_found_again_by_its_values(addon):
    """A sentence whose values are filled in is translated as itself, not as another that looks like it."""
    from bl_ext.user_default.sway import translations

    table = translations.LANGUAGES["zh_HANS"]
    for template in (text for text in table if "{}" in text and "{}{}" not in text):
        values = [("7", "leaf", "12.5 %")[k % 3] for k in range(template.count("{}"))]
        text = template.format(*values)
        found, filled = translations.SENTENCES.template_of(text)
        assert table.get(found, found).format(*filled) == table[template].format(*values), text


def test_sentences_within_sentences_are_translated(chinese):
    """A stage with its job, a refusal of one of several videos, a layer's name at a beginning: all in Chinese."""
    assert chinese("Fit Material: Fitting, 45%, 12 s left") == "拟合材质: 正在拟合，45%，约剩 12 秒"
    assert chinese("Online access: not allowed, wheels only") == "在线访问: 未允许，只能使用 wheel 包"
    assert chinese("Seed 4 was not used: hardly anything moves in the clip; use one with more motion") == (
        "随机种子 4 未被采用：片段中几乎没有运动；请使用运动更多的片段"
    )
    assert chinese('The plant layer "reed" stays still on planes.') == "植物图层“reed”在平面上保持静止。"
    assert chinese("Fan: splats do not feel a force field of type Boid; hide it, or switch Force Fields off.") == (
        "Fan：泼溅点感受不到 Boid 类型的力场；请隐藏它，或关闭“力场”。"
    )


def test_what_is_not_sways_stays(chinese):
    """Names of files and what other programs say are left as they are."""
    assert chinese("plant_07.ply") == "plant_07.ply"
    assert chinese("CUDA error: device lost") == "CUDA error: device lost"


def test_lines_are_as_wide_as_asked_for(addon):
    """English breaks between words but before a unit, Chinese anywhere but before a full stop; each line is full."""
    from bl_ext.user_default.sway.translations.lines import lines_of, measured

    def broken(*lines, indent=""):
        """The lines of a text in a width that is just that of its widest line, or a pixel less than its first two."""
        return lines_of("".join(lines), max(map(measured, (line.rstrip() for line in lines))), indent=indent)

    assert broken("The camera moved ", "by 3.1 px and was ", "held still") == [
        "The camera moved",
        "by 3.1 px and was",
        "held still",
    ]
    assert broken("摄像机移动", "了，已静止。") == ["摄像机移动", "了，已静止。"]
    words = "Part 1: 3.6 MPa, give or take 1 %"
    assert lines_of(words, measured(words)) == [words]
    assert lines_of(words, measured(words) - 1) == ["Part 1: 3.6 MPa, give or take", "1 %"]
    assert lines_of("one two three", measured("one two t"), indent="  ") == ["one two", "  three"]
