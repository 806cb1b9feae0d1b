"""Line charts as SVG, without a plotting library."""

WIDTH, HEIGHT, MARGIN = 380, 260, 46
COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9"]


def ticks(low, high, count=4):
    """Round numbers from low to high."""
    step = 10 ** len(str(int((high - low) / count))) / 10 if high - low > count else (high - low) / count
    while (high - low) / step > 2 * count:
        step *= 2
    first = int(low / step) * step
    return [value for value in (first + i * step for i in range(50)) if low <= value <= high]


def panel(title, x_title, y_title, groups, left):
    """SVG elements of one chart. groups: name -> list of lines, each a list of (x, y); a group has one colour."""
    points = [point for lines in groups.values() for line in lines for point in line]
    x_high, y_high = max(x for x, _ in points), max(y for _, y in points)

    def at(x, y):
        return left + MARGIN + x / x_high * (WIDTH - MARGIN - 12), HEIGHT - MARGIN - y / y_high * (HEIGHT - MARGIN - 30)

    parts = [f'<text x="{left + MARGIN}" y="16" font-weight="bold">{title}</text>']
    for value in ticks(0, y_high):
        x, y = at(0, value)
        parts.append(f'<path d="M{x:.1f} {y:.1f}H{left + WIDTH - 12}" stroke="#ddd"/>'
                     f'<text x="{x - 5:.1f}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
    for value in ticks(0, x_high):
        x, y = at(value, 0)
        parts.append(f'<text x="{x:.1f}" y="{y + 15:.1f}" text-anchor="middle">{value:g}</text>')
    parts.append(f'<text x="{left + WIDTH / 2}" y="{HEIGHT - 10}" text-anchor="middle">{x_title}</text>'
                 f'<text x="{left + 12}" y="{HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 {left + 12} {HEIGHT / 2})">{y_title}</text>')
    for color, (name, lines) in zip(COLORS, groups.items()):
        for line in lines:
            path = "L".join("{:.1f} {:.1f}".format(*at(x, y)) for x, y in line)
            parts.append(f'<path d="M{path}" stroke="{color}" fill="none" stroke-width="1.5"/>')
        row = list(groups).index(name)
        parts.append(f'<text x="{left + WIDTH - 14}" y="{34 + 14 * row}" text-anchor="end" fill="{color}">{name}</text>')
    return parts


def write_svg(path, panels):
    """panels: (title, x title, y title, groups) side by side."""
    parts = [part for i, one in enumerate(panels) for part in panel(*one, left=i * WIDTH)]
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH * len(panels)}" height="{HEIGHT}" '
                    'font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="white"/>'
                    + "".join(parts) + "</svg>\n")
