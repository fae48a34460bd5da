"""The sentences of ``fengsheng proposals`` in the three languages."""

from collections.abc import Mapping
from types import MappingProxyType

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "zh-CN": {
            "head": "{number}. 建议 {name} = {after}",
            "was": "   现为 {before}",
            "labels": "   {labels} 条人工标注中，判对的由 {right_before} 条变为 {right_after} 条",
            "stored": "   库中 {looked_at} 条提及：新命中 {gained} 条，不再命中 {lost} 条",
            "gained": "   ＋ [{mention}] {text}",
            "lost": "   － [{mention}] {text}",
            "alerts": "   已标注的预警：误报由 {wrong_before} 次变为 {wrong_after} 次，"
            "属实由 {right_before} 次变为 {right_after} 次",
            "trained": "   用本品牌的情感更正训练；留出标注上的准确率由"
            " {before[accuracy]:.0%} 变为 {after[accuracy]:.0%}",
            "calibrated": "   用本品牌的情感更正校准概率；留出标注上的校准误差由"
            " {before[calibration_error]:.3f} 变为 {after[calibration_error]:.3f}",
            "worse": "   漏判为负面的常见词：{words}",
            "better": "   错判为负面的常见词：{words}",
            "relabelled": "   库中 {looked_at} 条提及有 {changed} 条会改判",
            "none": "目前没有建议。",
            "accept": "什么都还没有改。采纳：fengsheng proposals accept 编号 --as 管理员",
            "accepted": "已写入 {path}，原文件在 {kept}；重启服务后生效。",
            "too_few_sentiments": "情感更正有 {count} 条不同文本，还差 {missing} 条才能提建议。",
        },
        "zh-TW": {
            "head": "{number}. 建議 {name} = {after}",
            "was": "   現為 {before}",
            "labels": "   {labels} 則人工標註中，判對的由 {right_before} 則變為 {right_after} 則",
            "stored": "   資料庫中 {looked_at} 則提及：新命中 {gained} 則，不再命中 {lost} 則",
            "gained": "   ＋ [{mention}] {text}",
            "lost": "   － [{mention}] {text}",
            "alerts": "   已標註的預警：誤報由 {wrong_before} 次變為 {wrong_after} 次，"
            "屬實由 {right_before} 次變為 {right_after} 次",
            "trained": "   用本品牌的情感更正訓練；留出標註上的準確率由"
            " {before[accuracy]:.0%} 變為 {after[accuracy]:.0%}",
            "calibrated": "   用本品牌的情感更正校準機率；留出標註上的校準誤差由"
            " {before[calibration_error]:.3f} 變為 {after[calibration_error]:.3f}",
            "worse": "   漏判為負面的常見詞：{words}",
            "better": "   錯判為負面的常見詞：{words}",
            "relabelled": "   資料庫中 {looked_at} 則提及有 {changed} 則會改判",
            "none": "目前沒有建議。",
            "accept": "什麼都還沒有改。採納：fengsheng proposals accept 編號 --as 管理員",
            "accepted": "已寫入 {path}，原檔在 {kept}；重新啟動服務後生效。",
            "too_few_sentiments": "情感更正有 {count} 則不同文字，還差 {missing} 則才能提建議。",
        },
        "en": {
            "head": "{number}. {name} = {after}",
            "was": "   is {before}",
            "labels": "   of {labels} labels it would get {right_after} right, now {right_before}",
            "stored": "   of {looked_at} stored mentions {gained} would newly match, {lost}"
            " no longer",
            "gained": "   + [{mention}] {text}",
            "lost": "   - [{mention}] {text}",
            "alerts": "   labelled alerts: false {wrong_before} → {wrong_after}, right"
            " {right_before} → {right_after}",
            "trained": "   trained on this brand's corrections; accuracy on labels held out"
            " {before[accuracy]:.0%} → {after[accuracy]:.0%}",
            "calibrated": "   calibrated on this brand's corrections; calibration error on"
            " labels held out {before[calibration_error]:.3f} →"
            " {after[calibration_error]:.3f}",
            "worse": "   common in what it missed as negative: {words}",
            "better": "   common in what it wrongly called negative: {words}",
            "relabelled": "   of {looked_at} stored mentions {changed} would be called otherwise",
            "none": "Nothing to propose at the moment.",
            "accept": "Nothing has changed yet. To accept: fengsheng proposals accept N --as"
            " ADMIN",
            "accepted": "Written to {path}, the old file is {kept}; restart the service.",
            "too_few_sentiments": "{count} different texts have a corrected sentiment; {missing}"
            " more are needed for a proposal.",
        },
    }
)
