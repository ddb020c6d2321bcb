"""Module m03: the promises of the centre (identity card, complaints) beside the limits of the law."""

from __future__ import annotations

from datetime import date, timedelta

from coursekit.policy import Exercise, Lesson, holidays, spoken
from coursekit.settings import Settings
from widgets.workdays import add_workdays

#: When the registration form was handed in, when the complaint came, and the law's limit in days (居民身份证法第十二条).
FORM, COMPLAINT, LAW_DAYS = date(2026, 9, 21), date(2026, 9, 24), 60
CALENDAR = (
    "放假与调休：9 月 25 日至 27 日放假；10 月 1 日至 7 日放假；10 月 10 日（周六）上班；其余周六、周日休息，"
    "10 月 8 日以后到 11 月底没有其他放假"
)


def m03_j03(settings: Settings) -> Exercise:
    """Four dates from the centre's promises and the law's limit, and what a broken promise means."""
    rules, card = settings.policy.complaints, settings.policy.id_card_days
    promised, limit = add_workdays(FORM, card, holidays(__file__)), FORM + timedelta(days=LAW_DAYS)
    contact, answer = (
        add_workdays(COMPLAINT, days, holidays(__file__)) for days in (rules.accept_days, rules.answer_days)
    )
    late = promised + timedelta(days=3)
    verdict = "u5" if late <= limit else "u2"
    reasons = {
        "u5": f"到{spoken(late)}，还在法定上限{spoken(limit)}之前，没有违法；可承诺日{spoken(promised)}已经过了，"
        "窗口应说明原因、致歉，并给出新的具体日期。",
        "u2": f"法定上限是{spoken(limit)}，到{spoken(late)}已在其后，不只是失约，也超过了法律给的期限。",
    }
    data = {
        "kind": "calculation",
        "title": "计算三：承诺日与法定上限",
        "prompt": "算出每个期限的最后一天。先看清写的是工作日还是没有写工作日；当日都不计入，从次日起算。",
        "source": [
            "《居民身份证法》(2011)第十二条",
            "《民法典》(2020)第二百零一条",
            "本中心规定（服务承诺、投诉处理）",
            "种子002·第3部分、种子001·第3章",
        ],
        "seed": ["3.8", "4.7", "E36"],
        "facts": [
            {"id": "f1", "text": f"换领身份证：解先生 {FORM} 提交申领登记表，当天受理"},
            {"id": "f2", "text": f"本中心规定：换领居民身份证，承诺自受理次日起 {card} 个工作日可领证"},
            {
                "id": "f3",
                "text": f"法律：自提交登记表之日起 {LAW_DAYS} 日内发放（条文没有写工作日；本地交通便利，不适用延长）",
            },
            {"id": "f4", "text": f"投诉：{COMPLAINT} 收到一件书面投诉，反映等候过久"},
            {
                "id": "f5",
                "text": f"本中心规定：收到投诉后 {rules.accept_days} 个工作日内联系投诉人并确认受理，"
                f"{rules.answer_days} 个工作日内答复，都从收到的次日起算",
            },
            {"id": "f6", "text": CALENDAR},
        ],
        "blanks": [
            {"id": "card", "text": "身份证：本中心承诺的最后一天", "answer": "date"},
            {"id": "law", "text": "身份证：法定上限的最后一天", "answer": "date"},
            {"id": "meet", "text": "投诉：最迟哪天联系并确认受理", "answer": "date"},
            {"id": "back", "text": "投诉：最迟哪天答复", "answer": "date"},
            {
                "id": "view",
                "text": "承诺的最后一天过了 3 天（自然日），仍没有通知领证，应当怎样认定？",
                "answer": "choice",
                "options": [
                    {"id": "u7", "text": "承诺只是努力方向，没有什么不妥"},
                    {"id": "u2", "text": "已经超过法定上限，属于违法"},
                    {"id": "u5", "text": "没有超过法定上限，但失约了"},
                ],
            },
        ],
    }
    key = {
        "blanks": {
            "card": {
                "value": promised.isoformat(),
                "why": f"承诺写的是工作日：从 9 月 22 日数起，跳过放假日，第 {card} 个工作日是{spoken(promised)}。",
            },
            "law": {
                "value": limit.isoformat(),
                "why": f"居民身份证法第十二条没有写工作日，按自然日数：从 9 月 22 日起第 {LAW_DAYS} 日是{spoken(limit)}。",
            },
            "meet": {
                "value": contact.isoformat(),
                "why": f"9 月 24 日不计，第 {rules.accept_days} 个工作日是{spoken(contact)}；中秋三天放假，不算在内。",
            },
            "back": {
                "value": answer.isoformat(),
                "why": f"同样从收到的次日起算，第 {rules.answer_days} 个工作日是{spoken(answer)}。",
            },
            "view": {"value": verdict, "why": reasons[verdict]},
        }
    }
    return Exercise(data, key)


def m03_promise(settings: Settings) -> Lesson:
    """Promises beside legal limits."""
    rules, card = settings.policy.complaints, settings.policy.id_card_days
    return Lesson(f"""## 七、承诺期限与法定上限

法律定的是**最晚**到哪天，承诺是本中心自己**说到做到**的日子。承诺可以比法律短，不能比法律长。对外解释时两样要分开：不能把承诺说成“法律规定”，也不能拿法律的上限替失约开脱。换领身份证，服务对象带旧证和户口簿来，窗口收登记表、采集人像和指纹；取证日按承诺告诉他。

| 节点 | 本中心规定 | 法律怎么写 |
|---|---|---|
| 换领居民身份证 | {card} 个工作日可领 | 自提交登记表 {LAW_DAYS} 日内；交通不便的可再加 30 日（条文没写工作日） |
| 投诉：联系、确认受理 | {rules.accept_days} 个工作日 | 由各地、各中心规定 |
| 投诉：答复 | {rules.answer_days} 个工作日 | 由各地、各中心规定 |

到了承诺日还没办好，要主动打电话：说原因、道歉、给新日期。“我们尽快”不是日期。""")


CELLS = {"m03-j03": m03_j03, "m03-promise": m03_promise}
