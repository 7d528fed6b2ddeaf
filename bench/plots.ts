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

const WIDTH = 820;
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
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
