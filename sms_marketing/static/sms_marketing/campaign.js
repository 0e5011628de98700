/* The editor of a campaign: keeps the preview fresh, writes merge fields where the cursor is. */
"use strict";

(() => {
    const look = document.getElementById("sms-look");
    const form = document.getElementById("campaign_form");
    if (!look || !form) {
        return;
    }

    // A letter refreshes the message soon; the audience is counted when typing rests.
    const SOON = 350;
    const AT_REST = 1200;
    const timers = {};
    // Which question each piece on the page answers: a late answer never replaces a newer one.
    const shown = {};
    let asked = 0;

    async function refresh(only, next) {
        const turn = ++asked;
        const data = new FormData(form);
        if (only) {
            data.set("only", only);
        }
        if (next) {
            data.set("_preview", "next");
        }
        try {
            const answer = await fetch(look.dataset.url, { method: "POST", body: data });
            if (!answer.ok || answer.redirected) {
                throw new Error(String(answer.status));
            }
            const piece = new DOMParser().parseFromString(await answer.text(), "text/html");
            show(piece, turn);
        } catch {
            if (turn === asked) {
                tell(look.dataset.failed);
            }
        }
    }

    function show(piece, turn) {
        const focused = document.activeElement?.id;
        const find = (where, name) => where.querySelector(`[data-piece="${name}"]`);
        const pieces = ["message", "reach"].map((name) => {
            const fresh = find(piece, name);
            if (!fresh || turn < (shown[name] ?? 0)) {
                return find(look, name);
            }
            shown[name] = turn;
            return fresh;
        });
        look.replaceChildren(...pieces.filter(Boolean));
        if (focused && look.querySelector(`#${CSS.escape(focused)}`)) {
            document.getElementById(focused).focus();
        }
    }

    function tell(words) {
        const note = document.createElement("p");
        note.className = "sms-problem sms-problem-warning";
        note.textContent = words;
        look.prepend(note);
    }

    function later(name, delay, work) {
        clearTimeout(timers[name]);
        timers[name] = setTimeout(work, delay);
    }

    form.addEventListener("input", (event) => {
        const target = event.target;
        if (target.name === "preview_language" || target.name === "name") {
            return;
        }
        if (target.classList.contains("sms-text") || target.name === "preview_contact") {
            later("message", SOON, () => refresh("message"));
        }
        if (target.name !== "preview_contact") {
            later("all", AT_REST, () => refresh());
        }
    });

    form.addEventListener("submit", (event) => {
        const button = event.submitter;
        if (button?.name === "_preview") {
            event.preventDefault();
            Object.values(timers).forEach(clearTimeout);
            const next = button.value === "next";
            refresh(next ? "message" : "", next);
            if (next) {
                later("all", AT_REST, () => refresh());
            }
        }
    });

    // Merge fields become buttons that write at the cursor of the last text.
    const insert = document.getElementById("sms-insert");
    let text = form.querySelector("textarea.sms-text");
    form.addEventListener("focusin", (event) => {
        if (event.target.matches("textarea.sms-text")) {
            text = event.target;
        }
    });
    for (const code of insert?.querySelectorAll("code[data-field]") ?? []) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = code.dataset.field;
        button.addEventListener("click", () => {
            const field = code.dataset.field.replace("*", "…");
            text.setRangeText(`{{ ${field} }}`, text.selectionStart, text.selectionEnd, "end");
            text.focus();
            text.dispatchEvent(new Event("input", { bubbles: true }));
        });
        code.replaceWith(button);
    }

    // Day and time are asked for only when they matter; so is the button that fits.
    const moment = document.getElementById("sms-moment");
    function fitMoment() {
        const chosen = form.querySelector("[name=schedule]:checked")?.value ?? "now";
        if (moment) {
            moment.hidden = chosen === "now";
        }
        for (const button of form.querySelectorAll("[data-when]")) {
            button.hidden = (button.dataset.when === "now") !== (chosen === "now");
        }
    }
    form.addEventListener("change", (event) => {
        if (event.target.name === "schedule") {
            fitMoment();
        }
    });
    fitMoment();
    refresh();
})();
