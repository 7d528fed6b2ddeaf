/** SVG pictures of the figures, drawn by ECharts without a browser. */
import * as echarts from 'echarts';

export interface BarPlot {
  readonly file: string;
  readonly title: string;
  readonly unit: string;
  readonly categories: readonly string[];
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
  readonly logarithmic?: boolean;
}

export interface LinePlot {
  readonly file: string;
  readonly title: string;
  readonly xUnit: string;
  readonly yUnit: string;
  readonly curves: readonly {
    readonly name: string;
    readonly points: readonly (readonly [x: number, y: number])[];
  }[];
}

const WIDTH = 820;
const LINES_HEIGHT = 420;
const ROW_HEIGHT = 17;

export function drawBars(plot: BarPlot): string {
  const bars = plot.categories.length * Math.max(1, plot.series.length);
  const chart = echarts.init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: WIDTH,
    height: 130 + bars * ROW_HEIGHT + plot.categories.length * 10,
  });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: plot.title, left: 12, top: 8, textStyle: { fontSize: 15 } },
    legend: { show: plot.series.length > 1, top: 34 },
    grid: { left: 12, right: 70, top: 66, bottom: 36, containLabel: true },
    xAxis: {
      type: plot.logarithmic === true ? 'log' : 'value',
      name: plot.unit,
      nameLocation: 'middle',
      nameGap: 26,
    },
    yAxis: { type: 'category', inverse: true, data: [...plot.categories] },
    series: plot.series.map(({ name, values }) => ({
      name,
      type: 'bar',
      data: values.map((value) => (Number.isFinite(value) ? Number(value.toPrecision(3)) : null)),
      label: { show: true, position: 'right', fontSize: 11 },
    })),
  });
  return finished(chart);
}

export function drawLines(plot: LinePlot): string {
  const chart = echarts.init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: WIDTH,
    height: LINES_HEIGHT,
  });
  const axis = (name: string, nameGap: number) => ({
    type: 'value',
    name,
    nameLocation: 'middle',
    nameGap,
  });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: plot.title, left: 12, top: 8, textStyle: { fontSize: 15 } },
    legend: { show: plot.curves.length > 1, top: 34 },
    grid: { left: 40, right: 40, top: 66, bottom: 40, containLabel: true },
    xAxis: axis(plot.xUnit, 26),
    yAxis: axis(plot.yUnit, 50),
    series: plot.curves.map(({ name, points }) => ({
      name,
      type: 'line',
      data: points.map(([x, y]) => [x, Number(y.toPrecision(4))]),
    })),
  });
  return finished(chart);
}

function finished(chart: echarts.ECharts): string {
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
