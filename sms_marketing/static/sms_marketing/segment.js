/* The editor of a segment: draws the rules from the text beneath, writes them back, counts. */
"use strict";

(() => {
    const look = document.getElementById("sms-look");
    const form = document.getElementById("segment_form");
    const text = document.getElementById("id_rules");
    const box = document.getElementById("sms-builder");
    const reader = document.querySelector("form[data-sms-count]");
    if (!look || (!reader && (!text || !box))) {
        return;
    }
    const source = reader ?? form;
    const words = document.getElementById("sms-words")?.dataset ?? {};
    let timer;
    let latest = 0;

    /* Count */

    async function count() {
        const turn = ++latest;
        look.classList.add("sms-busy-look");
        let piece;
        try {
            const answer = await fetch(look.dataset.url, { method: "POST", body: new FormData(source) });
            if (!answer.ok || answer.redirected) {
                throw new Error(String(answer.status));
            }
            piece = new DOMParser().parseFromString(await answer.text(), "text/html").body.children;
        } catch {
            const note = element("p", { className: "sms-problem sms-problem-warning" });
            note.textContent = words.failed ?? "";
            piece = [note];
        }
        if (turn === latest) {
            look.replaceChildren(...piece);
            look.classList.remove("sms-busy-look");
            point(look.querySelector("[data-fault-path]")?.dataset.faultPath);
        }
    }

    function countSoon() {
        clearTimeout(timer);
        timer = setTimeout(count, 600);
    }

    source.addEventListener("submit", (event) => {
        if (reader || event.submitter?.name === "_count") {
            event.preventDefault();
            count();
        }
    });
    count();
    if (reader) {
        return;
    }

    /* The tree: {not, all|any: [nodes]} or {not, rule}; "not" is a tick at each node. */

    const kinds = new Map(
        JSON.parse(document.getElementById("sms-kinds").textContent).map((kind) => [kind.key, kind]),
    );
    let root = null;

    function fromJson(data) {
        let isNot = false;
        while (isObject(data) && Object.keys(data).length === 1 && "not" in data) {
            isNot = !isNot;
            data = data.not;
        }
        for (const shape of ["all", "any"]) {
            if (isObject(data) && Array.isArray(data[shape]) && Object.keys(data).length === 1) {
                return { isNot, shape, nodes: data[shape].map(fromJson) };
            }
        }
        return { isNot, rule: data };
    }

    function toJson(node) {
        let data = node.rule;
        if (node.nodes) {
            const inner = node.nodes.map(toJson).filter((item) => item !== null);
            data = inner.length ? { [node.shape]: inner } : null;
        }
        return data !== null && node.isNot ? { not: data } : data;
    }

    function isObject(value) {
        return typeof value === "object" && value !== null && !Array.isArray(value);
    }

    function isDrawable(rule) {
        const operator = operatorOf(rule);
        const known = ["kind", "op", ...(operator?.parameters.map((one) => one.name) ?? [])];
        return Boolean(operator) && Object.keys(rule).every((key) => known.includes(key));
    }

    function operatorOf(rule) {
        return isObject(rule) ? kinds.get(rule.kind)?.operators.find((one) => one.key === rule.op) : null;
    }

    function read() {
        let data;
        try {
            data = text.value.trim() ? JSON.parse(text.value) : {};
        } catch {
            root = null;
            return;
        }
        if (data === null || (isObject(data) && !Object.keys(data).length)) {
            root = { isNot: false, shape: "all", nodes: [] };
            return;
        }
        root = fromJson(data);
        if (!root.nodes) {
            root = { isNot: false, shape: "all", nodes: [root], isLone: true };
        }
    }

    function write() {
        delete root.isLone;
        text.value = JSON.stringify(toJson(root) ?? {}, null, 2);
        countSoon();
    }

    /* Drawing */

    function element(tag, properties = {}, ...children) {
        const made = document.createElement(tag);
        Object.assign(made, properties);
        made.append(...children);
        return made;
    }

    function draw() {
        box.replaceChildren(
            root ? group(root, root.isLone ? null : "") : element("p", { className: "sms-problem", textContent: words.unreadable }),
        );
        if (!root) {
            drawer.open = true;
        }
    }

    function changed({ redraw = false, focus = "" } = {}) {
        write();
        if (redraw) {
            draw();
            document.getElementById(focus)?.focus();
        }
    }

    function join(path, step) {
        return path ? `${path}.${step}` : step;
    }

    function group(node, path, remove) {
        // A lone rule is drawn in a group that the text does not have yet: its path is "".
        const base = path === null ? null : join(node.isNot ? join(path, "not") : path, node.shape);
        const nodes = element("div", { className: "sms-nodes" });
        node.nodes.forEach((child, index) => {
            const place = base === null ? "" : `${base}[${index}]`;
            const away = () => {
                node.nodes.splice(index, 1);
                changed({ redraw: true, focus: addId });
            };
            nodes.append(child.nodes ? group(child, place, away) : rule(child, place, away));
        });
        const addId = `sms-add-${base ?? "lone"}`;
        const add = (made) => {
            node.nodes.push(made);
            changed({ redraw: true });
            box.querySelector(`[data-path="${CSS.escape(`${base ?? "all"}[${node.nodes.length - 1}]`)}"] select`)?.focus();
        };
        if (!node.nodes.length && !remove) {
            nodes.append(element("p", { className: "sms-quiet", textContent: words.everybody }));
        }
        const made = element(
            "div",
            { className: `sms-group sms-group-${node.shape}${node.isNot ? " sms-is-not" : ""}` },
            element(
                "div",
                { className: "sms-group-head" },
                element("span", { textContent: words.match }),
                select(words.group, node.shape, [["all", words.all], ["any", words.any]], (value) => {
                    node.shape = value;
                    changed({ redraw: true });
                }),
                ...(remove ? [except(node), icon(words.remove, remove)] : []),
            ),
            nodes,
            element(
                "div",
                { className: "sms-group-head" },
                button(words.addRule, () => add({ isNot: false, rule: blank() }), addId),
                button(words.addGroup, () => add({ isNot: false, shape: "any", nodes: [{ isNot: false, rule: blank() }] })),
            ),
        );
        made.setAttribute("role", "group");
        made.setAttribute("aria-label", words.group);
        made.dataset.path = path ?? "";
        return made;
    }

    function blank() {
        const kind = kinds.has("city") ? kinds.get("city") : [...kinds.values()][0];
        return { kind: kind.key, op: kind.operators[0].key };
    }

    function rule(node, path, remove) {
        const made = element("div", { className: `sms-rule${node.isNot ? " sms-is-not" : ""}` });
        made.setAttribute("role", "group");
        made.setAttribute("aria-label", words.rule);
        made.dataset.path = node.isNot ? join(path, "not") : path;
        if (!isDrawable(node.rule)) {
            made.append(element("code", { textContent: JSON.stringify(node.rule) }), element("small", { textContent: words.raw }));
            made.append(icon(words.remove, remove));
            return made;
        }
        const kind = kinds.get(node.rule.kind);
        const operator = operatorOf(node.rule);
        made.title = kind.help;
        made.append(
            except(node),
            select(words.kind, kind.key, [...kinds.values()].map((one) => [one.key, one.label]), (value) => {
                node.rule = { kind: value, op: kinds.get(value).operators[0].key };
                changed({ redraw: true });
                box.querySelector(`[data-path="${CSS.escape(made.dataset.path)}"] select`)?.focus();
            }),
            select(words.operator, operator.key, kind.operators.map((one) => [one.key, one.label]), (value) => {
                node.rule = carried(node.rule, kind.operators.find((one) => one.key === value));
                changed({ redraw: true });
                box.querySelectorAll(`[data-path="${CSS.escape(made.dataset.path)}"] select`)[1]?.focus();
            }),
        );
        const [needed, optional] = [true, false].map((is) => operator.parameters.filter((one) => one.required === is));
        made.append(...needed.map((parameter) => input(node, parameter)), icon(words.remove, remove));
        if (optional.length) {
            const more = element("details", { className: "sms-more" }, element("summary", { textContent: words.more }));
            more.open = optional.some((parameter) => parameter.name in node.rule);
            more.append(element("div", {}, ...optional.map((parameter) => input(node, parameter))));
            made.append(more);
        }
        return made;
    }

    // What was typed for one way of asking stays when another takes the same value.
    function carried(old, operator) {
        const fresh = { kind: old.kind, op: operator.key };
        for (const parameter of operator.parameters) {
            const value = old[parameter.name];
            if (value === undefined) {
                continue;
            }
            if (parameter.type === "text_list") {
                fresh[parameter.name] = Array.isArray(value) ? value : [value];
            } else {
                fresh[parameter.name] = Array.isArray(value) ? value[0] : value;
            }
        }
        return fresh;
    }

    function input(node, parameter) {
        const value = node.rule[parameter.name];
        const keep = (raw) => {
            const kept = fromInput(raw, parameter);
            if (kept === undefined) {
                delete node.rule[parameter.name];
            } else {
                node.rule[parameter.name] = kept;
            }
            changed();
        };
        if (parameter.choices) {
            const options = [["", parameter.required ? words.choose : "—"], ...parameter.choices.map((one) => [String(one.value), one.label])];
            return labelled(parameter, select(parameter.label, value === undefined ? "" : String(value), options, keep));
        }
        const types = { integer: "number", days: "number", date: "date" };
        const field = element("input", {
            type: types[parameter.type] ?? "text",
            value: Array.isArray(value) ? value.join(", ") : value ?? "",
            placeholder: hint(parameter),
            title: parameter.help,
            autocomplete: "off",
        });
        if (types[parameter.type]) {
            field.min = parameter.minimum ?? "";
            field.max = parameter.maximum ?? "";
        }
        if (parameter.type === "money") {
            field.inputMode = "decimal";
        }
        field.addEventListener("input", () => keep(field.value));
        field.setAttribute("aria-label", parameter.label);
        return labelled(parameter, field);
    }

    function hint(parameter) {
        if (parameter.type === "text_list") {
            return `${parameter.example}, … (${words.listHint})`;
        }
        return parameter.example ?? (parameter.type === "money" ? "12.50" : "");
    }

    function fromInput(raw, parameter) {
        const typed = raw.trim();
        if (!typed && !parameter.required) {
            return undefined;
        }
        switch (parameter.type) {
            case "text_list":
                return typed.split(",").map((word) => word.trim()).filter(Boolean);
            case "integer":
            case "days":
            case "id":
                return /^-?\d+$/.test(typed) ? Number(typed) : typed;
            case "money":
                return typed.replace(",", ".");
            default:
                return raw;
        }
    }

    function select(label, value, options, change) {
        const made = element("select", {}, ...options.map(([key, name]) => new Option(name, key, false, key === value)));
        made.setAttribute("aria-label", label);
        made.addEventListener("change", () => change(made.value));
        return made;
    }

    // "amount spent is at least [50]" needs no second word for the field.
    function labelled(parameter, field) {
        const isPlain = parameter.name === "value" && parameter.type !== "days" && parameter.type !== "integer";
        return element("label", { title: parameter.help, className: parameter.type === "text_list" ? "sms-long" : "" }, ...(isPlain ? [] : [parameter.label]), field);
    }

    function except(node) {
        const tick = element("input", { type: "checkbox", checked: node.isNot });
        tick.addEventListener("change", () => {
            node.isNot = tick.checked;
            changed({ redraw: true });
        });
        return element("label", { className: "sms-except" }, tick, words.except);
    }

    function button(label, click, id = "") {
        const made = element("button", { type: "button", className: "sms-button", textContent: label });
        if (id) {
            made.id = id;
        }
        made.addEventListener("click", click);
        return made;
    }

    function icon(label, click) {
        const made = button("✕", click);
        made.classList.add("sms-icon");
        made.title = label;
        made.setAttribute("aria-label", label);
        return made;
    }

    // The fault that the server found is shown at its rule.
    function point(path) {
        for (const marked of box?.querySelectorAll(".sms-faulty") ?? []) {
            marked.classList.remove("sms-faulty");
        }
        if (path === undefined || !root) {
            return;
        }
        const rules = [...box.querySelectorAll(".sms-rule")];
        const at = rules.find((one) => path === one.dataset.path || path.startsWith(`${one.dataset.path}.`) || one.dataset.path === "");
        at?.classList.add("sms-faulty");
    }

    /* Start: the text moves into a drawer, open when it holds a fault. */

    const holder = document.getElementById("sms-rules-text");
    const drawer = element("details", { className: "sms-drawer", open: Boolean(holder.querySelector(".errorlist")) }, element("summary", { textContent: words.text }));
    holder.before(drawer);
    drawer.append(holder);
    box.hidden = false;

    text.addEventListener("input", () => {
        read();
        draw();
        countSoon();
    });

    // A fixed list has members instead of rules.
    const rules = document.getElementById("sms-rules");
    form.addEventListener("change", (event) => {
        if (event.target.name === "kind") {
            fitKind();
            countSoon();
        }
    });
    function fitKind() {
        rules.hidden = form.querySelector("[name=kind]:checked")?.value === "static";
    }

    read();
    draw();
    fitKind();
})();
