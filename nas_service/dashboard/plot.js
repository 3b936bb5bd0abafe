// NiceGUI's chart, begun when it is wanted: at once where it is in sight, the others when the browser has time. A chart
// is costly to begin, and one that is hidden, or has nothing to draw yet, would be drawn twice.
import EChart from "echart";

const NEAR_PX = 200; // outside of the window: what is about to be scrolled into sight
const ANYWHERE_PX = 1e6; // on the page, unless it is hidden
const LATEST_MS = 2000; // a browser that always has something to do draws the rest all the same

const begins = new Map(); // of the elements that wait, what begins their charts
const begin = (element) => begins.get(element)?.();
const later = window.requestIdleCallback
  ? (work) => requestIdleCallback(work, { timeout: LATEST_MS })
  : (work) => setTimeout(work, LATEST_MS);

function watching(margin, found) {
  const shown = (entries) => entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => found(target));
  return new IntersectionObserver(shown, { rootMargin: `${margin}px` });
}
const watches = [watching(NEAR_PX, begin), watching(ANYWHERE_PX, (element) => later(() => begin(element)))];

function inSight(element) {
  const { top, bottom, height } = element.getBoundingClientRect();
  return height > 0 && top < innerHeight && bottom > 0;
}

export default {
  ...EChart,
  mounted() {
    this.drawing = new Promise((resolve) => {
      begins.set(this.$el, () => {
        this.leave();
        EChart.mounted.call(this).then(() => resolve(this.chart));
      });
    });
    setTimeout(this.wait); // when the page around it is there
  },
  beforeUnmount() {
    this.leave();
    this.chart?.dispose();
  },
  methods: {
    ...EChart.methods,
    update_chart() {
      if (this.chart) EChart.methods.update_chart.call(this);
      else this.wait(); // where it has begun, it draws what there is by itself
    },
    wait() {
      if (!begins.has(this.$el) || !Object.keys(this.options).length) return;
      if (inSight(this.$el)) begin(this.$el);
      else watches.forEach((watch) => watch.observe(this.$el));
    },
    leave() {
      watches.forEach((watch) => watch.unobserve(this.$el));
      begins.delete(this.$el);
    },
    drawn() {
      begin(this.$el);
      return this.drawing;
    },
  },
};
