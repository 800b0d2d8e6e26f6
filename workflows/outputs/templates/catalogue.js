"use strict";
(() => {
  const data = JSON.parse(document.getElementById("catalogue").textContent);
  const { site, words, departments, labels, cites, notes, kinds, assets } = data;
  const AXES = ["tier", "share", "open"];
  const BRIEF = { tier: "分级", share: "共享", open: "开放" };
  const STEP = 40;
  const WHOLE_NUMBER = new Intl.NumberFormat("zh-CN");
  const [NUMBER, NAME, TITLE, KIND, LABELS, EVIDENCE, FINDINGS, KEY, STATE] = Array(9).keys();
  const [TYPES, ELEMENT, CATEGORY] = Array(3).keys();
  const [AXIS, VALUE, LABEL_STATE, CONFIDENCE, REASON, CITES, ORIGIN] = Array(7).keys();
  const main = document.getElementById("content");

  /* ---- building blocks: every text goes through textContent ---- */

  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : value);
    }
    for (const child of children.flat(Infinity)) {
      if (child === null || child === undefined || child === false || child === "") continue;
      node.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
    return node;
  }

  /* Not replaceChildren: offices still run browsers from before 2020. */
  function fill(node, ...children) {
    while (node.firstChild) node.firstChild.remove();
    node.append(...children.flat());
  }

  const count = (number) => WHOLE_NUMBER.format(number);
  const known = (axis, value) => (words[axis][value] ? value : "undetermined");

  function badge(axis, value) {
    const text = words[axis][value] || value;
    return el("span", { class: `badge ${axis} is-${known(axis, value)}`, title: words.axis[axis] }, text);
  }

  function labelOf(places, axis) {
    const found = (places || []).find((place) => labels[place][AXIS] === axis);
    return found === undefined ? null : labels[found];
  }

  const valueOf = (places, axis) => {
    const label = labelOf(places, axis);
    return label ? label[VALUE] : "undetermined";
  };

  /* ---- what is searched and filtered ---- */

  const factsOf = (asset) => (asset.facts || []).map((places) => places.map((place) => notes[place]));
  const fold = (text) => String(text || "").normalize("NFKC").toLowerCase();
  const itemText = (item) => fold([item[NAME], item[TITLE], kinds[item[KIND]][ELEMENT]].join(" "));

  const records = assets.map((asset, place) => {
    const items = asset.items || [];
    const head = [asset.title, asset.source, asset.abstract, departments[asset.department]];
    const facts = factsOf(asset).map((fact) => fact[1]);
    return {
      asset,
      place,
      items,
      text: fold([...head, ...facts].join("\n")) + "\n" + items.map(itemText).join("\n"),
      pending: items.filter((item) => item[STATE] === "undetermined").length,
      values: {
        department: String(asset.department),
        tier: valueOf(asset.labels, "tier"),
        share: valueOf(asset.labels, "share"),
        open: valueOf(asset.labels, "open"),
        state: asset.state,
        life: asset.life,
      },
    };
  });
  const byKey = new Map(records.map((record) => [record.asset.key, record]));

  const facets = [
    { id: "department", title: "部门", names: Object.fromEntries(departments.map((name, i) => [String(i), name])) },
    { id: "tier", title: words.axis.tier, names: words.tier },
    { id: "share", title: words.axis.share, names: words.share },
    { id: "open", title: words.axis.open, names: words.open },
    { id: "state", title: "判定状态", names: words.state },
    { id: "life", title: "目录状态", names: words.life },
  ];
  for (const facet of facets) {
    const present = new Set(records.map((record) => record.values[facet.id]));
    const named = Object.keys(facet.names).filter((value) => present.has(value));
    const order = [...named.filter((value) => value !== "undetermined"), ...named.filter((value) => value === "undetermined")];
    facet.values = [...order, ...[...present].filter((value) => !order.includes(value))];
    facet.chosen = new Set();
    facet.shown = facet.id !== "life" || facet.values.length > 1;
  }

  const query = { text: "", terms: [], sort: "given" };
  const orders = {
    given: ["目录顺序", (a, b) => a.place - b.place],
    title: ["按名称", (a, b) => a.asset.title.localeCompare(b.asset.title, "zh-CN")],
    tier: ["分级由高到低", (a, b) => tierRank(b) - tierRank(a) || a.place - b.place],
    pending: ["待判定项由多到少", (a, b) => b.pending - a.pending || a.place - b.place],
  };

  function tierRank(record) {
    return Object.keys(words.tier).indexOf(record.values.tier);
  }

  const fits = (record, facet) => !facet.chosen.size || facet.chosen.has(record.values[facet.id]);

  /* One pass: a record that fails exactly one facet still counts for the values of that facet. */
  function search() {
    const tallies = Object.fromEntries(facets.map((facet) => [facet.id, {}]));
    const found = [];
    for (const record of records) {
      if (!query.terms.every((term) => record.text.includes(term))) continue;
      const failed = facets.filter((facet) => !fits(record, facet));
      if (!failed.length) found.push(record);
      const counted = failed.length ? (failed.length === 1 ? failed : []) : facets;
      for (const facet of counted) {
        const value = record.values[facet.id];
        tallies[facet.id][value] = (tallies[facet.id][value] || 0) + 1;
      }
    }
    found.sort(orders[query.sort][1]);
    return { found, tallies };
  }

  /* ---- masthead and foot ---- */

  function masthead() {
    const draft = site.draft && el("span", { class: "stamp" }, "建议稿");
    const facts = [`生成于 ${site.generated.replace("T", " ").slice(0, 16)}`, site.pack].join(" · ");
    document.getElementById("masthead").append(
      el("div", { class: "wrap" },
        el("h1", {}, el("a", { href: "#" }, data.part ? `${site.name} · ${data.part}` : site.name), draft),
        el("p", {}, facts)));
    const notes = [];
    if (site.restricted) notes.push(`受限系统 ${count(site.restricted)} 个未连接、未编目`);
    if (site.quarantined) notes.push(`带密级标志的对象 ${count(site.quarantined)} 个已隔离`);
    document.getElementById("foot").append(
      el("div", { class: "wrap" },
        el("p", {}, "本页不含任何业务数据；理由与证据只记录字段名、注释、代码本和校验计数。", notes.length ? ` ${notes.join("；")}。` : ""),
        el("p", {}, "快捷键：/ 检索，Esc 返回目录。")));
  }

  function draftNote() {
    return site.draft && el("p", { class: "notice", role: "note" },
      el("strong", {}, "建议稿"),
      "本页的分级、共享类型和开放类型由程序依据规则提出，尚未全部经人工审核，不作为共享、开放的决定。");
  }

  /* ---- the list ---- */

  const view = { rows: [] };
  let shown = 0;
  let results = [];
  let listTop = 0;

  function summary() {
    const total = records.length;
    const tally = {};
    for (const record of records) tally[record.values.tier] = (tally[record.values.tier] || 0) + 1;
    const tiers = Object.keys(words.tier).filter((key) => tally[key]);
    const bar = el("div", { class: "bar", "aria-hidden": "true" }, tiers.map((key) => {
      const part = el("i", { class: `is-${key}` });
      part.style.flexGrow = tally[key];
      return part;
    }));
    const legend = el("ul", { class: "legend" }, tiers.map((key) =>
      el("li", {}, el("i", { class: `dot is-${key}` }), words.tier[key], el("b", {}, count(tally[key])))));
    const figure = (number, name) => el("div", { class: "figure" }, el("b", {}, count(number)), el("span", {}, name));
    const pending = records.filter((record) => record.values.state === "undetermined").length;
    return el("section", { class: "summary", "aria-label": "概况" },
      el("div", { class: "figures" },
        figure(total, "信息资源"), figure(site.columns, "信息项"), figure(site.openable, "列入开放清单"), figure(pending, "待判定")),
      el("div", { class: "tiers" }, el("h2", {}, words.axis.tier), bar, legend));
  }

  function buildList() {
    view.search = el("input", {
      type: "search", id: "search", placeholder: "检索名称、摘要、字段名、字段注释、数据元……", autocomplete: "off",
      "aria-label": "检索", spellcheck: "false", oninput: debounce(() => {
        query.text = view.search.value;
        query.terms = fold(query.text).split(/\s+/).filter(Boolean);
        refresh();
      }, 80),
    });
    view.sort = el("select", { id: "sort", "aria-label": "排序", onchange: () => { query.sort = view.sort.value; refresh(); } },
      Object.entries(orders).map(([value, [name]]) => el("option", { value }, name)));
    view.count = el("p", { class: "count", role: "status", "aria-live": "polite" });
    view.chips = el("div", { class: "chips" });
    view.results = el("ol", { class: "results", id: "results" });
    view.more = el("button", { class: "more", type: "button", onclick: () => showMore(true) });
    view.list = el("div", { class: "wrap" }, draftNote(), summary(),
      el("div", { class: "columns" },
        el("details", { class: "filters", open: window.innerWidth > 860 },
          el("summary", {}, "筛选"),
          facets.filter((facet) => facet.shown).map(buildFacet)),
        el("section", { class: "found", "aria-label": "检索结果" },
          el("div", { class: "toolbar" }, view.search, view.sort),
          el("div", { class: "status" }, view.count, view.chips),
          view.results, view.more)));
    if ("IntersectionObserver" in window) {
      new IntersectionObserver((entries) => {
        if (entries.some((entry) => entry.isIntersecting)) showMore(false);
      }, { rootMargin: "600px" }).observe(view.more);
    }
  }

  function buildFacet(facet) {
    facet.inputs = new Map();
    const options = facet.values.map((value) => {
      const input = el("input", { type: "checkbox", name: facet.id, value, onchange: () => {
        if (input.checked) facet.chosen.add(value);
        else facet.chosen.delete(value);
        refresh();
      } });
      const tally = el("span", { class: "tally" });
      const mark = ["tier", "share", "open"].includes(facet.id) && el("i", { class: `dot is-${known(facet.id, value)}` });
      const row = el("label", {}, input, mark, el("span", { class: "name" }, facet.names[value] || value), tally);
      facet.inputs.set(value, { input, tally, row });
      return el("li", {}, row);
    });
    return el("fieldset", { "data-facet": facet.id }, el("legend", {}, facet.title), el("ul", {}, options));
  }

  function refresh() {
    const { found, tallies } = search();
    results = found;
    for (const facet of facets.filter((one) => one.inputs)) {
      for (const [value, { input, tally, row }] of facet.inputs) {
        const number = tallies[facet.id][value] || 0;
        tally.textContent = count(number);
        row.classList.toggle("empty", !number && !input.checked);
        input.checked = facet.chosen.has(value);
      }
    }
    view.count.textContent = `共 ${count(found.length)} 个信息资源`;
    fill(view.chips, chips());
    shown = 0;
    fill(view.results);
    if (!found.length) view.results.append(el("li", { class: "nothing" }, "没有符合条件的信息资源，请减少条件或换一个词。"));
    showMore(false);
  }

  function chips() {
    const chosen = facets.flatMap((facet) => [...facet.chosen].map((value) => ({ facet, value })));
    const made = chosen.map(({ facet, value }) => el("button", {
      type: "button", class: "chip", "aria-label": `取消筛选 ${facet.names[value]}`,
      onclick: () => { facet.chosen.delete(value); refresh(); },
    }, facet.names[value] || value, el("span", { "aria-hidden": "true" }, "×")));
    if (chosen.length || query.terms.length) {
      made.push(el("button", { type: "button", class: "chip clear", onclick: clearAll }, "清除全部条件"));
    }
    return made;
  }

  function clearAll() {
    for (const facet of facets) facet.chosen.clear();
    view.search.value = query.text = "";
    query.terms = [];
    refresh();
    view.search.focus();
  }

  function showMore(focus) {
    const next = results.slice(shown, shown + STEP).map(card);
    view.results.append(...next);
    shown += next.length;
    const left = results.length - shown;
    view.more.hidden = left <= 0;
    view.more.textContent = `继续显示（还有 ${count(Math.max(left, 0))} 个）`;
    if (focus && next.length) next[0].querySelector("a").focus();
  }

  function card(record) {
    const { asset, items, values, pending } = record;
    const system = factsOf(asset).find((fact) => fact[0] === "所属系统");
    const hits = matchingItems(items);
    return el("li", { class: `card edge-${known("tier", values.tier)}` },
      el("div", { class: "card-head" },
        el("a", { href: link(asset.key) }, asset.title || asset.key),
        el("code", {}, asset.source)),
      el("p", { class: "where" }, [departments[asset.department], system && system[1], `${count(items.length)} 个信息项`].filter(Boolean).join(" · ")),
      asset.abstract && asset.abstract !== asset.title && el("p", { class: "abstract" }, asset.abstract),
      hits.length > 0 && el("p", { class: "hits" }, "相符信息项：", hits.slice(0, 6).map((item) =>
        el("a", { href: link(asset.key, item[NAME]), class: "hit" }, item[TITLE] === item[NAME] ? item[NAME] : `${item[TITLE]} ${item[NAME]}`)),
        hits.length > 6 && ` 等 ${count(hits.length)} 个`),
      el("p", { class: "badges" }, AXES.map((axis) => badge(axis, values[axis])),
        el("span", { class: `state is-${values.state}` }, words.state[values.state], pending > 0 && `（${count(pending)} 项）`)));
  }

  function matchingItems(items) {
    if (!query.terms.length) return [];
    return items.filter((item) => {
      const text = itemText(item);
      return query.terms.some((term) => text.includes(term));
    });
  }

  /* ---- one asset ---- */

  const link = (key, column) => `#asset=${encodeURIComponent(key)}${column ? `&column=${encodeURIComponent(column)}` : ""}`;

  function detail(record, column) {
    const { asset, items, values } = record;
    const back = el("a", { class: "back", href: "#" }, "← 返回目录");
    const heading = el("h2", { tabindex: "-1", id: "asset" }, asset.title || asset.key);
    const page = el("article", { class: "wrap detail" }, back,
      el("header", { class: `sheet head edge-${known("tier", values.tier)}` },
        el("p", { class: "where" }, [departments[asset.department], asset.source].filter(Boolean).join(" · ")),
        heading,
        asset.abstract && asset.abstract !== asset.title && el("p", { class: "abstract" }, asset.abstract),
        el("p", { class: "badges" }, AXES.map((axis) => badge(axis, values[axis])),
          el("span", { class: `state is-${values.state}` }, words.state[values.state]))),
      el("div", { class: "verdicts" }, AXES.map((axis) => verdict(record, axis))),
      proposal(record), findings(asset),
      columnTable(asset, items, column),
      elements(asset));
    return page;
  }

  function verdict({ asset, items }, axis) {
    const label = labelOf(asset.labels, axis);
    const causes = (asset.because || {})[axis] || [];
    const all = causes.length > 1 && causes.length === items.length;
    return el("section", { class: "sheet verdict", "data-axis": axis },
      el("h3", {}, words.axis[axis], badge(axis, label ? label[VALUE] : "undetermined")),
      label && el("p", { class: "reason" }, label[REASON]),
      causes.length > 0 && el("p", { class: "causes" }, el("span", {}, "决定性信息项 "), all ? `全部 ${count(causes.length)} 项`
        : [causes.slice(0, 12).map((name) => cause(asset, items, name)), causes.length > 12 && ` 等 ${count(causes.length)} 项`]),
      label && el("ul", { class: "cites" }, label[CITES].map(citation)),
      el("p", { class: "certainty" }, label ? certainty(label, "汇总") : "尚无判定"));
  }

  function cause(asset, items, name) {
    const item = items.find((one) => one[NAME] === name);
    const title = item && item[TITLE] !== name ? [item[TITLE], el("code", {}, name)] : name;
    return el("a", { href: link(asset.key, name), class: "cause" }, title);
  }

  function certainty(label, inherited = "沿用") {
    const origin = { rule: "规则", inherited, steward: "人工裁定" }[label[ORIGIN]] || label[ORIGIN];
    return `${words.state[label[LABEL_STATE]]} · ${origin} · 置信度 ${Math.round(label[CONFIDENCE] * 100)}%`;
  }

  function citation(place) {
    const [title, article, text, rank, verified] = cites[place];
    return el("li", {}, el("cite", {}, `${title}${article}`), rank && el("span", { class: "rank" }, rank),
      !verified && el("span", { class: "rank unverified" }, "未核实"), text && el("span", { class: "law" }, text));
  }

  function proposal({ asset, items }) {
    if (!asset.view) return null;
    return el("section", { class: "sheet proposal" },
      el("h3", {}, "可提高开放程度的处理建议"),
      el("p", {}, "去除或脱敏 ", asset.view.map((name) => cause(asset, items, name)), " 后形成视图",
        asset.viewLabels ? "，可达到：" : "。"),
      asset.viewLabels && el("p", { class: "badges" }, asset.viewLabels.map(([axis, value]) => badge(axis, value))));
  }

  function findings(asset) {
    const lines = (asset.findings || []).map((place) => notes[place]);
    if (asset.withheld) lines.push(`${count(asset.withheld)} 个存放凭据的字段不编入信息项，仅计数并计入分级`);
    return lines.length > 0 && el("section", { class: "sheet findings" },
      el("h3", {}, "待确认事项"), el("ul", {}, lines.map((line) => el("li", {}, line))));
  }

  function columnTable(asset, items, column) {
    /* Where every column has the deciding value, none stands out. */
    const because = AXES.map((axis) => [axis, new Set((asset.because || {})[axis])]).filter(([, names]) => items.length < 2 || names.size < items.length);
    const deciding = (item) => because.filter(([, names]) => names.has(item[NAME])).map(([axis]) => axis);
    const groups = {
      all: ["全部", () => true],
      deciding: ["决定性", (item) => deciding(item).length > 0],
      pending: ["待判定", (item) => item[STATE] === "undetermined"],
    };
    const rows = items.map((item) => columnRows(item, deciding(item), item[NAME] === column));
    const body = el("tbody", {}, rows.map((row) => [row.main, row.more]));
    const buttons = Object.entries(groups).map(([id, [name, keep]]) => el("button", {
      type: "button", "aria-pressed": String(id === "all"), onclick: (event) => {
        rows.forEach((row, i) => row.keep(keep(items[i])));
        buttons.forEach((button) => button.setAttribute("aria-pressed", String(button === event.currentTarget)));
      },
    }, `${name} ${count(items.filter(keep).length)}`));
    const expand = el("button", { type: "button", onclick: () => {
      const open = rows.some((row) => !row.isOpen());
      for (const row of rows) row.toggle(open);
    } }, "展开或收起全部依据");
    const heads = ["序号", "信息项", "数据元", "分级", "共享", "开放", "理由与依据"];
    return el("section", { class: "sheet items" },
      el("div", { class: "items-head" }, el("h3", {}, "8 信息项"), el("div", { class: "switch", role: "group", "aria-label": "显示哪些信息项" }, buttons), expand),
      el("table", {}, el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))), body));
  }

  /* A column is two table rows: what it is, and, when opened, why. */
  function columnRows(item, deciding, wanted) {
    const found = item[LABELS].map((place) => labels[place]);
    const cell = (head, ...children) => el("td", { "data-head": head }, children);
    const brief = [...new Set(found.map((label) => label[REASON]))].filter(Boolean).join("；") || "尚无判定";
    const button = el("button", { type: "button", class: "brief", "aria-expanded": "false", onclick: () => row.toggle(!row.isOpen()) }, brief);
    const marks = [deciding.length && "deciding", wanted && "wanted"].filter(Boolean).join(" ");
    const row = {
      kept: true,
      main: el("tr", { class: marks, id: wanted && "wanted" },
        cell("序号", item[NUMBER]),
        cell("信息项", el("b", {}, item[TITLE]), el("code", {}, item[NAME], item[KEY] > 0 && el("span", { class: "pk" }, "主键")),
          el("small", {}, kinds[item[KIND]][TYPES]),
          deciding.map((axis) => el("span", { class: "decides" }, `决定${BRIEF[axis]}`))),
        cell("数据元", kinds[item[KIND]][ELEMENT] || "未识别", el("small", {}, kinds[item[KIND]][CATEGORY])),
        AXES.map((axis) => cell(words.axis[axis], badge(axis, valueOf(item[LABELS], axis)))),
        cell("理由与依据", button)),
      more: el("tr", { class: `more-row ${marks}`, hidden: true }),
      isOpen: () => button.getAttribute("aria-expanded") === "true",
      toggle(open) {
        if (open && !row.more.firstChild) row.more.append(el("td", { colspan: 7 }, reasons(item, found)));
        button.setAttribute("aria-expanded", String(open));
        row.more.hidden = !open || !row.kept;
      },
      keep(kept) {
        row.kept = kept;
        row.main.hidden = !kept;
        row.more.hidden = !kept || !row.isOpen();
      },
    };
    if (wanted) row.toggle(true);
    view.rows.push(row);
    return row;
  }

  function grouped(found) {
    const groups = new Map();
    for (const label of found) {
      const key = JSON.stringify([label[REASON], label[CITES]]);
      const group = groups.get(key) || { axes: [], label };
      group.axes.push(words.axis[label[AXIS]]);
      groups.set(key, group);
    }
    return [...groups.values()];
  }

  function reasons(item, found) {
    const whys = grouped(found).map(({ axes, label }) => el("section", { class: "why" },
      el("h4", {}, axes.join("、"), el("small", {}, certainty(label))),
      el("p", {}, label[REASON]),
      el("ul", { class: "cites" }, label[CITES].map(citation))));
    const noted = [["证据", item[EVIDENCE]], ["提示", item[FINDINGS]]].filter(([, places]) => places.length);
    return el("div", { class: "whys" }, whys, noted.map(([title, places]) => el("section", { class: "why" },
      el("h4", {}, title), el("ul", {}, places.map((place) => el("li", {}, notes[place]))))));
  }

  function elements(asset) {
    return el("section", { class: "sheet" }, el("h3", {}, "目录元素"),
      el("dl", { class: "facts" }, factsOf(asset).map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text)))));
  }

  /* ---- which view ---- */

  function route() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    const key = wanted.get("asset");
    const record = key === null ? null : byKey.get(key);
    if (view.list.isConnected && record) listTop = window.scrollY;
    document.title = record ? `${record.asset.title} · ${site.title}` : site.title;
    if (record) showDetail(record, wanted.get("column"));
    else showList(key);
  }

  function showDetail(record, column) {
    view.rows = [];
    fill(main, detail(record, column));
    const row = column && document.getElementById("wanted");
    if (row) row.scrollIntoView({ block: "center" });
    else window.scrollTo(0, 0);
    document.getElementById("asset").focus({ preventScroll: true });
  }

  function showList(missing) {
    const returning = !view.list.isConnected;
    fill(main, view.list);
    if (missing) view.list.prepend(el("p", { class: "notice", role: "alert" }, `本页没有这个信息资源：${missing}`));
    if (returning) window.scrollTo(0, listTop);
  }

  function showPages() {
    const items = data.pages.map((page) => el("li", { class: "card" },
      el("div", { class: "card-head" }, el("a", { href: page.href }, page.title)),
      el("p", { class: "where" }, `${count(page.assets)} 个信息资源`)));
    fill(main, el("div", { class: "wrap" }, draftNote(),
      el("p", { class: "notice plain", role: "note" }, `共有 ${count(site.assets)} 个信息资源、${count(site.columns)} 个信息项，一页放不下；请按部门打开。`),
      el("ol", { class: "results pages" }, items)));
  }

  function debounce(run, wait) {
    let timer = 0;
    return () => { clearTimeout(timer); timer = setTimeout(run, wait); };
  }

  function onKey(event) {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "checkbox";
    if (event.key === "/" && !typing && view.list.isConnected) {
      event.preventDefault();
      view.search.focus();
    } else if (event.key === "Escape" && !view.list.isConnected) {
      location.hash = "";
    }
  }

  masthead();
  if (data.pages) {
    showPages();
    return;
  }
  buildList();
  if (data.home) view.list.prepend(el("a", { class: "back", href: data.home }, "← 各部门目录"));
  refresh();
  route();
  window.addEventListener("hashchange", route);
  window.addEventListener("beforeprint", () => {
    for (const row of view.rows) row.toggle(true);
  });
  document.addEventListener("keydown", onKey);
})();
