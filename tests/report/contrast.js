() => {
  const parse = (text) => { const v = text.match(/[0-9.]+/g).map(Number); return [v[0], v[1], v[2], v.length > 3 ? v[3] : 1]; };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const lum = (c) => { const f = (v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
    return 0.2126 * f(c[0]) + 0.7152 * f(c[1]) + 0.0722 * f(c[2]); };
  const behind = (e) => { const stack = [];
    for (let n = e; n; n = n.parentElement) { const c = parse(getComputedStyle(n).backgroundColor); stack.push(c); if (c[3] === 1) break; }
    return stack.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]); };
  const bad = []; let seen = 0;
  for (const e of document.querySelectorAll('body *')) {
    if (['SCRIPT', 'STYLE', 'TITLE', 'DESC'].includes(e.tagName.toUpperCase())) continue;
    const own = Array.from(e.childNodes).some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.getClientRects().length) continue;
    const s = getComputedStyle(e);
    if (s.visibility !== 'visible') continue;
    const bg = behind(e), svg = e instanceof SVGElement;
    const fg = over(parse(svg ? s.fill : s.color), bg);
    const [a, b] = [lum(fg), lum(bg)].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
    seen += 1;
    let faint = 1;
    for (let n = e; n; n = n.parentElement) faint *= Number(getComputedStyle(n).opacity);
    if (ratio < 4.5 || faint < 1) bad.push([e.tagName, e.className.baseVal || e.className, e.textContent.trim().slice(0, 30), ratio.toFixed(2), faint]);
  }
  return { seen, bad };
}
