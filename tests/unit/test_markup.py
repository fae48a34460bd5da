from listener.notify.markup import shortened, shown_length, to_plain


def test_links_keep_their_address_in_plain_text():
    assert (
        to_plain('<b>a</b> &lt;x&gt; <a href="https://e.x/1">原文</a>')
        == "a <x> 原文 (https://e.x/1)"
    )


def test_length_counts_utf16_units_without_markup():
    assert shown_length("<b>👍a</b>&amp;") == 4


def test_quotes_go_first_when_a_message_is_too_long():
    html = "标题\n“" + "引" * 50 + "”\n盲区：无"
    assert shortened(html, 20) == "标题\n盲区：无"


def test_a_message_that_still_does_not_fit_is_cut_as_plain_text():
    cut = shortened("<b>" + "长" * 100 + "</b>", 40)
    assert shown_length(cut) <= 40
    assert "<" not in cut
