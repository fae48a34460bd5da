"""The sentences of ``fengsheng backtest`` in the three languages."""

from collections.abc import Mapping
from types import MappingProxyType

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "zh-CN": {
            "precision": "   已标注的 {judged} 次里属实 {confirmed} 次，误报 {false} 次"
            "（准确率 {value:.0%}）；未标注 {open} 次。",
            "said": "   当时的结论：{label}",
            "label_confirmed": "属实",
            "label_false_alarm": "误报",
            "label_not_our_brand": "非本品牌",
            "rule_alerts": "{what}｜规则“{rule}”：最近 {days:.0f} 天会预警 {count} 次",
            "rule_says": "   条件：{says}",
            "rule_alert": "{number}. {start} 至 {end}｜{found}",
            "builtin": "对照：内置危机检测（现行灵敏度）会预警 {count} 次",
            "replaced": "对照：现行的同名规则会预警 {count} 次",
            "other": "   {start} 至 {end}{label}",
            "rule_step": "   {key} = {value}{mark}：预警 {count} 次，其中未证实 {false} 次，"
            "每周 {rate:.1f} 次",
            "rule_mark": "（现值）",
            "rule_advice": "建议：{key} = {value}，未经证实的预警每周不超过一次。",
            "no_sweep": "这类规则没有可扫描的阈值。",
            "current": "现行规则",
            "high": "高灵敏度",
            "normal": "标准灵敏度",
            "low": "低灵敏度",
            "step": "阈值 {score}",
            "never": "{what}：还没有满三天的历史，无从回放。",
            "short": "历史较短，只回放了 {days:.0f} 天（最初三天只用来学习）。",
            "calm": "{what}｜{rule}：最近 {days:.0f} 天不会预警。",
            "alerts": "{what}｜{rule}：最近 {days:.0f} 天会预警 {count} 次：",
            "alert": "{number}. {start} 至 {end}｜{severity}｜峰值 {peak}：{window} 内负面"
            " {observed} 条，往常约 {expected}（强度 {score:.1f}）",
            "ongoing": "仍在持续",
            "types": "   投诉：{types}",
            "quote": "   “{text}”（{source}）",
            "minutes": "{count} 分钟",
            "hours": "{count} 小时",
            "unlabelled": "库中还没有“误报／属实”的结论，因此不计算准确率。",
            "labelled": "   标注：属实 {right} 次，误报 {wrong} 次，未标注 {unlabelled} 次；"
            "准确率 {share}",
            "week_labelled": "，标注属实 {right} 次、误报 {wrong} 次",
            "sweep": "{what}：各阈值每周预警次数（最近 {days:.0f} 天）",
            "week": "   {rule}：每周 {rate:.1f} 次",
            "advice": "建议：{setting}（每周 {rate:.1f} 次）。次数里未剔除真实危机，所以偏保守。",
            "kept": "现行规则已是每周不超过一次的最灵敏设置，可以不变。",
            "no_week": "可回放的历史不足一周，暂不建议。",
            "noisy": "所有阈值都超过每周一次；请先检查品牌查询是否混入无关内容。",
        },
        "zh-TW": {
            "precision": "   已標註的 {judged} 次裡屬實 {confirmed} 次，誤報 {false} 次"
            "（準確率 {value:.0%}）；未標註 {open} 次。",
            "said": "   當時的結論：{label}",
            "label_confirmed": "屬實",
            "label_false_alarm": "誤報",
            "label_not_our_brand": "非本品牌",
            "rule_alerts": "{what}｜規則「{rule}」：最近 {days:.0f} 天會預警 {count} 次",
            "rule_says": "   條件：{says}",
            "rule_alert": "{number}. {start} 至 {end}｜{found}",
            "builtin": "對照：內建危機偵測（現行靈敏度）會預警 {count} 次",
            "replaced": "對照：現行的同名規則會預警 {count} 次",
            "other": "   {start} 至 {end}{label}",
            "rule_step": "   {key} = {value}{mark}：預警 {count} 次，其中未證實 {false} 次，"
            "每週 {rate:.1f} 次",
            "rule_mark": "（現值）",
            "rule_advice": "建議：{key} = {value}，未經證實的預警每週不超過一次。",
            "no_sweep": "這類規則沒有可掃描的門檻。",
            "current": "現行規則",
            "high": "高靈敏度",
            "normal": "標準靈敏度",
            "low": "低靈敏度",
            "step": "門檻 {score}",
            "never": "{what}：還沒有滿三天的歷史，無從回放。",
            "short": "歷史較短，只回放了 {days:.0f} 天（最初三天只用來學習）。",
            "calm": "{what}｜{rule}：最近 {days:.0f} 天不會預警。",
            "alerts": "{what}｜{rule}：最近 {days:.0f} 天會預警 {count} 次：",
            "alert": "{number}. {start} 至 {end}｜{severity}｜峰值 {peak}：{window} 內負面"
            " {observed} 則，平常約 {expected}（強度 {score:.1f}）",
            "ongoing": "仍在持續",
            "types": "   投訴：{types}",
            "quote": "   「{text}」（{source}）",
            "minutes": "{count} 分鐘",
            "hours": "{count} 小時",
            "unlabelled": "資料庫中還沒有「誤報／屬實」的結論，因此不計算準確率。",
            "labelled": "   標註：屬實 {right} 次，誤報 {wrong} 次，未標註 {unlabelled} 次；"
            "準確率 {share}",
            "week_labelled": "，標註屬實 {right} 次、誤報 {wrong} 次",
            "sweep": "{what}：各門檻每週預警次數（最近 {days:.0f} 天）",
            "week": "   {rule}：每週 {rate:.1f} 次",
            "advice": "建議：{setting}（每週 {rate:.1f} 次）。次數裡未剔除真實危機，所以偏保守。",
            "kept": "現行規則已是每週不超過一次的最靈敏設定，可以不變。",
            "no_week": "可回放的歷史不足一週，暫不建議。",
            "noisy": "所有門檻都超過每週一次；請先檢查品牌查詢是否混入無關內容。",
        },
        "en": {
            "precision": "   Of {judged} that people judged {confirmed} were confirmed and {false}"
            " false (precision {value:.0%}); {open} were not judged.",
            "said": "   People said: {label}",
            "label_confirmed": "confirmed",
            "label_false_alarm": "false alarm",
            "label_not_our_brand": "not our brand",
            "rule_alerts": "{what}, rule “{rule}”: the last {days:.0f} days would have"
            " alerted {count} times",
            "rule_says": "   It says: {says}",
            "rule_alert": "{number}. {start} to {end}: {found}",
            "builtin": "Beside it, the built-in crisis channel: {count} alerts",
            "replaced": "Beside it, the rule of that name in force: {count} alerts",
            "other": "   {start} to {end}{label}",
            "rule_step": "   {key} = {value}{mark}: {count} alerts, {false} of them not confirmed,"
            " {rate:.1f} a week",
            "rule_mark": " (now)",
            "rule_advice": "Suggested: {key} = {value}: at most one unconfirmed alert a week.",
            "no_sweep": "This kind of rule has no threshold to sweep.",
            "current": "the rule in force",
            "high": "high sensitivity",
            "normal": "normal sensitivity",
            "low": "low sensitivity",
            "step": "threshold {score}",
            "never": "{what}: there are not yet three days of history to replay.",
            "short": "The history is short: {days:.0f} days were replayed (the first three only"
            " teach).",
            "calm": "{what}, {rule}: it would not have alerted in the last {days:.0f} days.",
            "alerts": "{what}, {rule}: in the last {days:.0f} days it would have alerted"
            " {count} times:",
            "alert": "{number}. {start} to {end}, {severity}, peak {peak}: {observed} negative in"
            " {window}, usually about {expected} (strength {score:.1f})",
            "ongoing": "still on",
            "types": "   complaints: {types}",
            "quote": "   “{text}” ({source})",
            "minutes": "{count} min",
            "hours": "{count} h",
            "unlabelled": "No incident is labelled as false or confirmed yet, so no precision is"
            " given.",
            "labelled": "   labels: {right} right, {wrong} false, {unlabelled} unlabelled;"
            " precision {share}",
            "week_labelled": ", labelled {right} right and {wrong} false",
            "sweep": "{what}: alerts a week at each threshold (last {days:.0f} days)",
            "week": "   {rule}: {rate:.1f} a week",
            "advice": "Suggested: {setting} ({rate:.1f} a week). Real crises are counted too, so"
            " this errs towards calm.",
            "kept": "The rule in force is already the most sensitive one with at most one alert a"
            " week: keep it.",
            "no_week": "Less than a week can be replayed; too little to advise.",
            "noisy": "Every threshold raises more than one alert a week; check first whether the"
            " brand's query lets other things in.",
        },
    }
)
