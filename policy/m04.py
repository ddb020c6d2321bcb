"""Module m04: the case of tolerated gaps (容缺), whose term is the centre's own."""

from __future__ import annotations

from datetime import date
from typing import Any

from coursekit.policy import Exercise, holidays
from coursekit.settings import Settings
from widgets.workdays import add_workdays

RECEIVED = date(2026, 9, 8)


def tolerated(settings: Settings) -> Exercise:
    """Write the case with the last day on which the missing paper may come."""
    days = settings.policy.tolerance_days
    last = add_workdays(RECEIVED, days, holidays(__file__))
    return Exercise(_data(days, f"2026 年 {last.month} 月 {last.day} 日"), _key(days, f"{last.month} 月 {last.day} 日"))


def _data(days: int, last: str) -> dict[str, Any]:
    return {
        "kind": "checklist",
        "title": "材料审核六：提取住房公积金偿还房贷",
        "prompt": "许先生来办提取住房公积金还房贷，发现有一样东西没带。请逐件判断，选出问题类别和理由，勾出要列入一次性告知的材料，再选处理决定。",
        "source": [
            "《住房公积金管理条例》(2019)第二十四条",
            "《住房公积金管理条例》(2019)第二十五条",
            "《优化营商环境条例》(2019)第四十四条",
            "《国务院关于在线政务服务的若干规定》(2019)第七条",
            "《国务院关于在线政务服务的若干规定》(2019)第九条",
            "国发〔2024〕3号（容缺承诺办）",
            "本中心规定（容缺受理清单）",
        ],
        "seed": ["4.1", "4.2", "4.3"],
        "facts": [
            {"id": "f1", "text": "事项：偿还购房贷款本息提取住房公积金"},
            {"id": "f2", "text": "申请人：许承洲，本人到场"},
            {"id": "f3", "text": "收件日期：2026-09-08"},
            {
                "id": "f4",
                "text": "本事项材料要求（本中心规定）：主件为提取申请表、身份证、单位提取证明、近 12 个月还款明细；次件为本人收款银行卡。借款合同由中心贷款系统核验",
            },
            {
                "id": "f5",
                "text": "容缺规则（本中心规定）：主件齐全并符合要求、仅缺次件、申请人书面承诺、没有未修复的失信记录，四个条件同时具备才可容缺",
            },
            {
                "id": "f6",
                "text": f"容缺规则（本中心规定）：要一次告知补正内容、期限和逾期后果；补正期限 {days} 个工作日，逾期视为撤回申请",
            },
        ],
        "columns": [
            {"id": "name", "text": "材料名称"},
            {"id": "form", "text": "提交形式"},
            {"id": "issued", "text": "日期或有效期"},
            {"id": "content", "text": "内容摘要"},
        ],
        "rows": [
            {
                "id": "r1",
                "cells": {
                    "name": "单位提取证明",
                    "form": "原件 1 份，加盖公章",
                    "issued": "2026-09-03",
                    "content": "单位已核实还贷情况",
                },
            },
            {
                "id": "r2",
                "cells": {
                    "name": "本人收入证明",
                    "form": "原件 1 份",
                    "issued": "2026-09-03",
                    "content": "单位人事部门盖章",
                },
            },
            {
                "id": "r3",
                "cells": {
                    "name": "近 12 个月还款明细",
                    "form": "银行电子回单",
                    "issued": "2026-09-07 生成",
                    "content": "2025-09 至 2026-08 逐月还款，盖有银行电子印章",
                },
            },
            {
                "id": "r4",
                "cells": {
                    "name": "居民身份证",
                    "form": "原件核验",
                    "issued": "2016-12-01 至 2026-12-01",
                    "content": "许承洲，人证相符",
                },
            },
            {
                "id": "r5",
                "cells": {
                    "name": "提取申请表",
                    "form": "原件 1 份",
                    "issued": "2026-09-08",
                    "content": "各栏填齐，本人签名",
                },
            },
            {
                "id": "r6",
                "cells": {
                    "name": "购房借款合同",
                    "form": "复印件，未带原件",
                    "issued": "2021-03-15 签订",
                    "content": "贷款合同编号与系统一致",
                },
            },
            {
                "id": "r7",
                "cells": {
                    "name": "容缺受理承诺书",
                    "form": "原件 1 份",
                    "issued": "2026-09-08",
                    "content": f"写明 {last}前补交收款银行卡及逾期后果，本人签名",
                },
            },
            {
                "id": "r8",
                "cells": {
                    "name": "本人收款银行卡",
                    "form": "未提交",
                    "issued": "—",
                    "content": "忘记携带，说下周一可补",
                },
            },
            {
                "id": "r9",
                "cells": {
                    "name": "信用核查结果",
                    "form": "系统回执",
                    "issued": "2026-09-08",
                    "content": "没有未修复的失信记录",
                },
            },
        ],
        "categories": [
            {"id": "b4", "text": "未签名、未盖章或签署人不对"},
            {"id": "p6", "text": "过期或失效"},
            {"id": "w5", "text": "形式不符（如复印件未与原件核对）"},
            {"id": "h9", "text": "不应收取（已取消、清单之外或可共享取得）"},
            {"id": "a7", "text": "信息不一致"},
            {"id": "n2", "text": "缺件"},
        ],
        "reasons": [
            {"id": "y8", "text": "身份证将在年内到期，应先换领（居民身份证法第十一条）"},
            {"id": "v8", "text": "属于主件，缺少时不得受理（本中心规定）"},
            {"id": "c5", "text": "系统已能核验的，不得要求另行提供（在线政务服务规定第七条）"},
            {"id": "y4", "text": "电子回单应到银行加盖实物印章（在线政务服务规定第九条）"},
            {"id": "h4", "text": "属于公布的次件，缺少时可凭书面承诺后补（本中心规定）"},
            {"id": "x2", "text": "不在本事项材料要求之内，清单之外不得索要证明（营商环境条例第四十四条）"},
            {"id": "z7", "text": "复印件应与原件核对（本中心规定）"},
        ],
        "dispositions": [
            {"id": "accept", "text": "受理"},
            {"id": "supplement", "text": "一次性告知补正"},
            {"id": "refuse", "text": "不予受理"},
            {"id": "tolerant", "text": "容缺受理"},
        ],
    }


def _key(days: int, last: str) -> dict[str, Any]:
    return {
        "rows": {
            "r1": {
                "status": "ok",
                "why": "单位应当核实并出具提取证明（公积金条例第二十五条）。有公章、内容齐全，主件合格。",
            },
            "r2": {
                "status": "defect",
                "why": "还贷提取的材料清单里没有收入证明，清单之外不得索要（营商环境条例第四十四条），退还即可。",
                "category": "h9",
                "reason": "x2",
            },
            "r3": {
                "status": "ok",
                "why": "合法有效的电子印章与实物印章有同等效力（在线政务服务规定第九条），不能要求再去银行盖红章。",
            },
            "r4": {
                "status": "ok",
                "why": "还有两个多月才到期，收件时有效，主件合格。可顺便提醒到期换领，但不能判为过期。",
            },
            "r5": {"status": "ok", "why": "填写完整并由本人签名，主件合格。"},
            "r6": {
                "status": "defect",
                "why": "中心贷款系统已能核验借款合同，共享能取得的不得要求另行提供（在线政务服务规定第七条）；复印件退还，不要再催原件。",
                "category": "h9",
                "reason": "c5",
            },
            "r7": {
                "status": "ok",
                "why": f"补交内容、期限和后果写明，本人签名；从收件次日起算 {days} 个工作日正是 {last}。",
            },
            "r8": {
                "status": "defect",
                "why": "收款银行卡属于公布的次件。确实是缺件，要写进告知书请其补交；但只缺它，不影响先受理。",
                "category": "n2",
                "reason": "h4",
                "notice": True,
            },
            "r9": {"status": "ok", "why": "符合容缺受理的信用条件（本中心规定）。"},
        },
        "disposition": "tolerant",
        "why": f"四项主件齐全合格，只缺一项次件，有书面承诺，信用无碍，四个条件都具备：容缺受理，并一次告知补交银行卡、{last}前补来、逾期视为撤回。让群众回去再跑一趟或直接拒收都不对。",
        "accepting": ["accept", "tolerant"],
        "refusing": [],
    }


CELLS = {"m04-c06": tolerated}
