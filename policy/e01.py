"""The theory examination's first page, which names the line to reach."""

from __future__ import annotations

from coursekit.policy import Lesson
from coursekit.settings import Settings


def start(settings: Settings) -> Lesson:
    """Write the plan of the paper and the centre's line for theory."""
    return Lesson(f"""# 理论考试

闭卷，50 题，每题 2 分，满分 100 分，本中心规定 {settings.evaluation.floors["theory"]} 分及格，时限 90 分钟。题目按下表从题库里抽取：各人的题不同，但各单元的题数和难度相同；选项的次序也因人而异。

| 单元 | 易 | 中 | 难 | 分值 |
|---|---|---|---|---|
| 岗位认知与服务宗旨 | 1 | 2 | 1 | 8 |
| 政策法规与四项制度 | 1 | 3 | 1 | 10 |
| 六步流程、风险点与时限 | 1 | 3 | 1 | 10 |
| 材料审核与一次性告知 | 1 | 2 | 1 | 8 |
| 录入校验、证照号码、归档与个人信息 | 1 | 2 | 1 | 8 |
| 仪容礼仪与文明、禁忌用语 | 1 | 2 | 1 | 8 |
| 沟通、服务对象类型与特殊群体 | 1 | 2 | 1 | 8 |
| 投诉处理与好差评 | 1 | 2 | 1 | 8 |
| 应急处置 | 1 | 2 | 1 | 8 |
| 工作纪律、考勤与廉洁 | 1 | 3 | 1 | 10 |
| 质量指标、台账与持续改进 | 1 | 1 | 1 | 6 |
| 考核、再培训与压力调适 | 1 | 2 | 1 | 8 |
| 合计 | 12 | 26 | 12 | 100 |""")


CELLS = {"e01-start": start}
