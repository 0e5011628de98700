/* The progress of a campaign: asks again until nothing moves any more. */
"use strict";

(() => {
    const box = document.getElementById("sms-progress");
    if (!box) {
        return;
    }
    const EVERY = 2000;
    const SLOWEST = 30000;
    let wait = EVERY;
    document.getElementById("sms-reload")?.remove();

    function isAtRest() {
        return box.querySelector("[data-at-rest]")?.dataset.atRest === "1";
    }

    async function refresh() {
        try {
            const answer = await fetch(box.dataset.url);
            if (!answer.ok || answer.redirected) {
                throw new Error(String(answer.status));
            }
            const focused = document.activeElement?.id;
            const piece = new DOMParser().parseFromString(await answer.text(), "text/html");
            box.replaceChildren(...piece.body.children);
            if (focused && box.querySelector(`#${CSS.escape(focused)}`)) {
                document.getElementById(focused).focus();
            }
            wait = EVERY;
        } catch {
            wait = Math.min(wait * 2, SLOWEST);
        }
        again();
    }

    function again() {
        if (!isAtRest()) {
            setTimeout(() => (document.hidden ? again() : refresh()), wait);
        }
    }

    again();
})();
