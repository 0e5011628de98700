"""What came of it: attribution, and the figures of campaigns and journeys."""

from __future__ import annotations

from sms_marketing.reports.attribution import attribute, attribute_new
from sms_marketing.reports.campaigns import campaign_report, journey_report
from sms_marketing.reports.charts import bars
from sms_marketing.reports.figures import Cost, FunnelStep, Reason, Report

__all__ = [
    "Cost",
    "FunnelStep",
    "Reason",
    "Report",
    "attribute",
    "attribute_new",
    "bars",
    "campaign_report",
    "journey_report",
]
